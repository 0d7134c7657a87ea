package registry

import (
	"reflect"
	"testing"
)

// TestRemote: a cleanup visits the hosts of the run's jobs, also those that were added later.
func TestRemote(t *testing.T) {
	for name, tt := range map[string]struct {
		told *Counts
		want []string
	}{
		"killed at once": {nil, []string{"n1"}},
		"with one more":  {&Counts{Hosts: []string{"n1", "n2"}}, []string{"n1", "n2"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Register(registry(t), Entry{RunID: newRunID(), Remote: &Remote{Backend: "ssh", Hosts: []string{"n1"}}})
			if err != nil {
				t.Fatal(err)
			}
			if tt.told != nil {
				if err := r.Progress(*tt.told); err != nil {
					t.Fatal(err)
				}
			}
			r.abandon()
			var seen []string
			if _, err := clean(t, Cleanup{Remote: func(e Entry) error { seen = e.Remote.Hosts; return nil }}); err != nil {
				t.Error(err)
			}
			if !reflect.DeepEqual(seen, tt.want) {
				t.Errorf("it looks at %q, want %q", seen, tt.want)
			}
		})
	}
}
