package pool

// list is tasks in an order. A task is in one list at a time.
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

// stack is members that had something in common when they were put there.
type stack struct {
	workers []*Worker
	in      map[*Worker]bool
}

func (s *stack) push(m *Worker) {
	if s.in[m] {
		return
	}
	if s.in == nil {
		s.in = map[*Worker]bool{}
	}
	s.in[m] = true
	s.workers = append(s.workers, m)
}

// top is the last for which it still holds, nil when there is none. It stays there.
func (s *stack) top(holds func(*Worker) bool) *Worker {
	for n := len(s.workers); n > 0; n-- {
		m := s.workers[n-1]
		if !m.gone && holds(m) {
			return m
		}
		s.workers = s.workers[:n-1]
		delete(s.in, m)
	}
	return nil
}
