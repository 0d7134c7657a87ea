package words

import "testing"

func TestForms(t *testing.T) {
	for _, c := range []struct{ item, noExt, base, dir, baseNoExt string }{
		{"a/b.c.d", "a/b.c", "b.c.d", "a", "b.c"},
		{"b", "b", "b", ".", "b"},
		{"/x/y.z", "/x/y", "y.z", "/x", "y"},
		{".hid", ".hid", ".hid", ".", ".hid"},
		{"a.b/c", "a.b/c", "c", "a.b", "c"},
		{"a/", "a", "a", ".", "a"},
		{"/", "/", "/", "/", "/"},
		{"", "", "", ".", ""},
		{"//", "/", "/", "/", "/"},
		{"/a", "/a", "a", "/", "a"},
		{"a//b.c", "a//b", "b.c", "a", "b"},
		{"x/.hid", "x/.hid", ".hid", "x", ".hid"},
		{"x/.hid.gz", "x/.hid", ".hid.gz", "x", ".hid"},
		{"..", "..", "..", ".", ".."},
		{"a.", "a", "a.", ".", "a"},
		{"a.b/", "a", "a.b", ".", "a"},
	} {
		for f, want := range map[form]string{whole: c.item, noExt: c.noExt, base: c.base, dir: c.dir, baseNoExt: c.baseNoExt} {
			if got := f.apply(c.item); got != want {
				t.Errorf("form %d of %q: got %q, want %q", f, c.item, got, want)
			}
		}
	}
}
