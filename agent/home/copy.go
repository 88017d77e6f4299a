package home

import "slices"

// clone shares no memory with the book that can be written through either.
func (b Book) clone() Book {
	b.Networks = slices.Clone(b.Networks)
	b.Recorders = each(b.Recorders, func(r *Recorder) {
		r.Channels = each(r.Channels, func(c *Channel) { c.Online = same(c.Online) })
		r.ClockAhead = same(r.ClockAhead)
	})
	b.Cameras = each(b.Cameras, func(c *Camera) {
		c.View, c.Outline, c.Sights = same(c.View), slices.Clone(c.Outline), slices.Clone(c.Sights)
		c.Aim.Shift, c.Aim.Likeness, c.Aim.Brightness = same(c.Aim.Shift), same(c.Aim.Likeness), same(c.Aim.Brightness)
		c.Receipts, c.Withheld = slices.Clone(c.Receipts), slices.Clone(c.Withheld)
	})
	b.Apart = each(b.Apart, func(a *Apart) { a.Withheld = slices.Clone(a.Withheld) })
	if b.SelfTest = same(b.SelfTest); b.SelfTest != nil {
		b.SelfTest.Lines = slices.Clone(b.SelfTest.Lines)
	}
	b.Answers, b.Tries, b.Withdrawn = slices.Clone(b.Answers), slices.Clone(b.Tries), slices.Clone(b.Withdrawn)
	return b
}

func each[T any](list []T, deepen func(*T)) []T {
	list = slices.Clone(list)
	for i := range list {
		deepen(&list[i])
	}
	return list
}

func same[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
