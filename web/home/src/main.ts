import { mount } from "svelte";
import App from "./App.svelte";
import "../../src/app.css";
import "./home.css";

mount(App, { target: document.getElementById("app")! });
