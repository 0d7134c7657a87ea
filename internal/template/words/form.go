package words

import "strings"

// form is the part of an item's path that a placeholder stands for.
type form uint8

const (
	whole      form = iota // {}
	noExt                  // {.}
	base                   // {/}
	dir                    // {//}
	baseNoExt              // {/.}
	noExts                 // {..}
	baseNoExts             // {/..}
	ext                    // {+.}
)

// suffixes are the spellings of the forms, the longest first.
var suffixes = []struct {
	text string
	form form
}{{"/..", baseNoExts}, {"..", noExts}, {"+.", ext}, {"/.", baseNoExt}, {"//", dir}, {".", noExt}, {"/", base}}

// apply returns a part of the path s. It never allocates.
func (f form) apply(s string) string {
	switch f {
	case noExt:
		return cutExt(trimSlashes(s))
	case base:
		return baseOf(trimSlashes(s))
	case dir:
		return dirOf(trimSlashes(s))
	case baseNoExt:
		return cutExt(baseOf(trimSlashes(s)))
	case noExts:
		return cutExts(trimSlashes(s))
	case baseNoExts:
		return cutExts(baseOf(trimSlashes(s)))
	case ext:
		return extOf(trimSlashes(s))
	default:
		return s
	}
}

// trimSlashes removes the slashes at the end, but not the root itself.
func trimSlashes(s string) string {
	for len(s) > 1 && s[len(s)-1] == '/' {
		s = s[:len(s)-1]
	}
	return s
}

func baseOf(s string) string {
	if s == "/" {
		return s
	}
	return s[strings.LastIndexByte(s, '/')+1:]
}

func dirOf(s string) string {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "."
	}
	return trimSlashes(s[:i+1])
}

// cutExt removes the last extension. Dots at the beginning of a name begin no extension.
func cutExt(s string) string {
	name := baseOf(s)
	i := strings.LastIndexByte(name, '.')
	if i < 0 || strings.Trim(name[:i], ".") == "" {
		return s
	}
	return s[:len(s)-len(name)+i]
}

// cutExts removes all extensions.
func cutExts(s string) string {
	name := strings.TrimLeft(baseOf(s), ".")
	i := strings.IndexByte(name, '.')
	if i < 0 {
		return s
	}
	return s[:len(s)-len(name)+i]
}

// extOf returns what cutExt removes, without the dot.
func extOf(s string) string {
	return strings.TrimPrefix(s[len(cutExt(s)):], ".")
}
