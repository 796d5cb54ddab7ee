package sandbox

import (
	"slices"
	"sort"
	"time"
)

// like is a thing with the time it was liked, whole seconds in UTC.
type like[T comparable] struct {
	thing T
	at    time.Time
}

// likes are one person's, oldest first; likes of the same second stay in the order they were given. A like whose time
// has not come is kept and not shown.
type likes[T comparable] struct {
	list []like[T]
	has  map[T]bool
}

// add reports false where the thing is liked already: its time stays.
func (l *likes[T]) add(thing T, at time.Time) bool {
	if l.has[thing] {
		return false
	}
	if l.has == nil {
		l.has = map[T]bool{}
	}
	l.has[thing] = true
	at = at.UTC().Truncate(time.Second)
	l.list = slices.Insert(l.list, l.after(at), like[T]{thing, at})
	return true
}

func (l *likes[T]) remove(thing T) bool {
	if !l.has[thing] {
		return false
	}
	delete(l.has, thing)
	l.list = slices.DeleteFunc(l.list, func(k like[T]) bool { return k.thing == thing })
	return true
}

// until gives what was liked until now. The slice is the list's own: it is good until the next add or remove.
func (l *likes[T]) until(now time.Time) []like[T] { return l.list[:l.after(now)] }

func (l *likes[T]) after(at time.Time) int {
	return sort.Search(len(l.list), func(i int) bool { return l.list[i].at.After(at) })
}
