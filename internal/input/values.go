package input

import "io"

// values returns the values of one source, in order; io.EOF is its end.
type values interface {
	next() (string, error)
}

// args are the values of a source on the command line.
type args struct{ left []string }

func (a *args) next() (string, error) {
	if len(a.left) == 0 {
		return "", io.EOF
	}
	s := a.left[0]
	a.left = a.left[1:]
	return s, nil
}

// nonEmpty leaves out empty values.
type nonEmpty struct{ values }

func (v nonEmpty) next() (string, error) {
	for {
		if s, err := v.values.next(); s != "" || err != nil {
			return s, err
		}
	}
}

// readAll returns all values that are left.
func readAll(v values) ([]string, error) {
	var all []string
	for {
		s, err := v.next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
}
