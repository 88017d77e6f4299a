// Command xulang-village is a commune for trying things out: homes along a
// sketched road, each with a simulated camera that is a real RTSP server and with
// a real agent. It joins them to a hub through the hub's own API.
//
//	xulang-village run -hub URL -setup-link FILE -data DIR
//	xulang-village truth -data DIR     who rode where: known to the village alone
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `usage: xulang-village COMMAND [flags]
  run     play the village until stopped
  truth   print the rides of the scripted theft up to now
`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "xulang-village:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	hub, setupLink, data string
	only                 string // homes, comma between them; empty: all
	agentProgram         string
	net                  string // first two numbers of the homes' networks
	firstRide, everyRide time.Duration
}

func run(args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("no command")
	}
	var o options
	flags := flag.NewFlagSet("xulang-village "+args[0], flag.ExitOnError)
	flags.StringVar(&o.hub, "hub", "http://127.0.0.1:8470", "the hub's address")
	flags.StringVar(&o.setupLink, "setup-link", "var/hub/setup-link", "file with the new hub's one-time setup link")
	flags.StringVar(&o.data, "data", "var/village", "folder of the homes' agents")
	flags.StringVar(&o.only, "homes", "", "only these homes, such as home-04,home-05; empty: all")
	flags.StringVar(&o.agentProgram, "agent-program", "", "run each agent as this program, in a process of its own")
	flags.StringVar(&o.net, "net", "127.0", "first two numbers of the homes' own networks, each a part of 127.0.0.0/8")
	flags.DurationVar(&o.firstRide, "first-ride", 3*time.Minute, "from the start to the first theft")
	flags.DurationVar(&o.everyRide, "every-ride", 10*time.Minute, "from one theft to the next")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch args[0] {
	case "run":
		return play(ctx, o)
	case "truth":
		return tell(ctx, o, os.Stdout)
	}
	fmt.Fprint(os.Stderr, usage)
	return fmt.Errorf("unknown command %q", args[0])
}
