// Package docs holds the pages of the manual, which fanout help prints.
package docs

import "embed"

// Pages are the pages, by the names of their files.
//
//go:embed *.md
var Pages embed.FS
