// Package knob finds the numbers of a struct by reflection, so that a search can turn
// them one by one.
package knob

import (
	"fmt"
	"reflect"
)

// Knob is an exported number of a struct, or of a struct, array or list within it.
type Knob struct {
	Name  string // "Pace", "Modes.Car.Speeds[3]"
	value reflect.Value
}

// Of lists the knobs behind a pointer to a struct, in the order of its fields. They turn
// what the pointer points to.
func Of(pointer any) []Knob { return collect(nil, "", reflect.ValueOf(pointer).Elem()) }

func collect(all []Knob, name string, v reflect.Value) []Knob {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			inner := field.Name
			if name != "" {
				inner = name + "." + inner
			}
			all = collect(all, inner, v.Field(i))
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			all = collect(all, fmt.Sprintf("%s[%d]", name, i), v.Index(i))
		}
	default:
		if v.CanInt() || v.CanFloat() {
			all = append(all, Knob{name, v})
		}
	}
	return all
}

// Get is what the knob says. A time.Duration is in nanoseconds.
func (k Knob) Get() float64 {
	if k.value.CanInt() {
		return float64(k.value.Int())
	}
	return k.value.Float()
}

// Set turns the knob; a whole number gets the nearest one.
func (k Knob) Set(to float64) {
	if k.value.CanInt() {
		if to < 0 {
			k.value.SetInt(int64(to - 0.5))
			return
		}
		k.value.SetInt(int64(to + 0.5))
		return
	}
	k.value.SetFloat(to)
}
