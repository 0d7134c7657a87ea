package pool

// list is a doubly linked list of Tasks. A Task is in one list at a time.
type list struct {
	first, last *Task
	n           int
}

func (l *list) push(t *Task) {
	t.before, t.after = l.last, nil
	if l.last != nil {
		l.last.after = t
	} else {
		l.first = t
	}
	l.last = t
	l.n++
}

func (l *list) unshift(t *Task) {
	t.before, t.after = nil, l.first
	if l.first != nil {
		l.first.before = t
	} else {
		l.last = t
	}
	l.first = t
	l.n++
}

func (l *list) remove(t *Task) {
	if t.before != nil {
		t.before.after = t.after
	} else {
		l.first = t.after
	}
	if t.after != nil {
		t.after.before = t.before
	} else {
		l.last = t.before
	}
	t.before, t.after = nil, nil
	l.n--
}

func (l *list) pop() *Task {
	t := l.first
	l.remove(t)
	return t
}

func (l *list) all() (all []*Task) {
	for t := l.first; t != nil; t = t.after {
		all = append(all, t)
	}
	return all
}

// stack holds workers for which something was true when they were pushed.
type stack struct {
	workers []*Worker
	in      map[*Worker]bool
}

func (s *stack) push(w *Worker) {
	if s.in[w] {
		return
	}
	if s.in == nil {
		s.in = map[*Worker]bool{}
	}
	s.in[w] = true
	s.workers = append(s.workers, w)
}

// top returns the last worker for which it still holds, and leaves it there; nil when there is none.
func (s *stack) top(holds func(*Worker) bool) *Worker {
	for n := len(s.workers); n > 0; n-- {
		w := s.workers[n-1]
		if !w.gone && holds(w) {
			return w
		}
		s.workers = s.workers[:n-1]
		delete(s.in, w)
	}
	return nil
}
