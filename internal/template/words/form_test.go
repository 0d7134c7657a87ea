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

func TestExtensions(t *testing.T) {
	for _, c := range []struct{ item, noExts, baseNoExts, ext string }{
		{"a/b.c.d", "a/b", "b", "d"},
		{"b", "b", "b", ""},
		{".hid", ".hid", ".hid", ""},
		{".hid.tar.gz", ".hid", ".hid", "gz"},
		{"a.b/c", "a.b/c", "c", ""},
		{"a.b/", "a", "a", "b"},
		{"a.", "a", "a", ""},
		{"a..b", "a", "a", "b"},
		{"..", "..", "..", ""},
		{"..a.b", "..a", "..a", "b"},
		{"/", "/", "/", ""},
		{"", "", "", ""},
		{"x.d/.a.b.c", "x.d/.a", ".a", "c"},
	} {
		for f, want := range map[form]string{noExts: c.noExts, baseNoExts: c.baseNoExts, ext: c.ext} {
			if got := f.apply(c.item); got != want {
				t.Errorf("form %d of %q: got %q, want %q", f, c.item, got, want)
			}
		}
	}
}

// TestPieces: {.} and {+.} are the two pieces of an item.
func TestPieces(t *testing.T) {
	for _, item := range []string{"a.b", "a.", "a", ".a", ".a.b", "x/a.b.c", "x.y/a", "", "/"} {
		front, back := noExt.apply(item), ext.apply(item)
		if front+back != item && front+"."+back != item {
			t.Errorf("%q: %q, %q", item, front, back)
		}
	}
}
