package process

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestArgLimits compares the limits with the system's.
func TestArgLimits(t *testing.T) {
	env := []string{"PATH=/bin:/usr/bin", "X=" + strings.Repeat("x", 1000)}
	one, total := ArgLimits(env)
	start := func(env []string, argv ...string) error {
		p, err := new(Supervisor).fork(new(spawner), &Command{Path: "/bin/true", Argv: append([]string{"true"}, argv...), Env: env}, 0, func(child) {})
		if err == nil {
			p.reap()
		}
		return err
	}
	if err := start(env, strings.Repeat("a", one-1)); err != nil {
		t.Errorf("an argument of %d bytes: %v", one-1, err)
	}
	if err := start(env, strings.Repeat("a", one)); err != unix.E2BIG {
		t.Errorf("an argument of %d bytes: %v", one, err)
	}
	// As many arguments as are allowed start, whether they are long or short; one page more than the headroom does not.
	for _, size := range []int{0, 1, 9, 1000, one - 1} {
		each := size + 1 + pointer
		arg := strings.Repeat("a", size)
		argv := make([]string, (total-64)/each)
		for i := range argv {
			argv[i] = arg
		}
		if err := start(env, argv...); err != nil {
			t.Errorf("%d arguments of %d bytes: %v", len(argv), size, err)
		}
		for len(argv)*each < total+16<<10 {
			argv = append(argv, arg)
		}
		if err := start(env, argv...); err != unix.E2BIG {
			t.Errorf("%d arguments of %d bytes: %v", len(argv), size, err)
		}
	}
	_, small := ArgLimits(append(env, "Y="+strings.Repeat("y", 998)))
	if small != total-1001-pointer {
		t.Errorf("a variable of 1001 bytes leaves %d of %d", small, total)
	}
	var huge []string
	for range 100 {
		huge = append(huge, strings.Repeat("x", 1<<20))
	}
	if _, none := ArgLimits(huge); none != 0 {
		t.Errorf("%d bytes are left beside too large an environment", none)
	}
}
