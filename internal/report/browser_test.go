package report

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"fanout/internal/record"
	"fanout/internal/testkit"
)

var update = flag.Bool("update", false, "write docs/report.png")

// browser shows a page in a real browser without a window.
type browser struct {
	program string
	page    string
	dir     string
}

func newBrowser(t *testing.T, journal string) *browser {
	t.Helper()
	b := &browser{dir: t.TempDir()}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			b.program = path
			break
		}
	}
	if b.program == "" {
		t.Skip(testkit.Without("chromium"))
	}
	b.page = filepath.Join(b.dir, "page.html")
	if err := os.WriteFile(b.page, []byte(written(t, "html", journal)), 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

// run opens the page at an address, and returns its DOM once it has settled.
func (b *browser) run(t *testing.T, hash string, flags ...string) (dom string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := []string{"--headless", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
		"--no-first-run", "--disable-background-networking", "--user-data-dir=" + filepath.Join(b.dir, "profile"), "--window-size=1240,1400",
		"--virtual-time-budget=3000", "--enable-logging=stderr", "--log-level=0",
		"--no-sandbox"} // which root and many a container cannot have
	c := exec.CommandContext(ctx, b.program, append(append(args, flags...), "file://"+b.page+hash)...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	c.WaitDelay = 10 * time.Second
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, &errs)
	}
	for line := range strings.Lines(errs.String()) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the browser says: %s", line)
		}
	}
	return out.String()
}

// data returns what page.js has set on the root.
func data(dom, name string) string {
	m := regexp.MustCompile(`<html [^>]*data-` + name + `="([^"]*)"`).FindStringSubmatch(dom)
	if m == nil {
		return ""
	}
	return m[1]
}

func TestPage(t *testing.T) {
	testkit.Slow(t)
	b := newBrowser(t, everything())
	dom := b.run(t, "", "--dump-dom")
	for name, want := range map[string]string{"ready": "yes", "error": "", "bars": "11", "drawn": "11", "shown": "8"} {
		if got := data(dom, name); got != want {
			t.Errorf("data-%s is %q, want %q", name, got, want)
		}
	}
	for _, want := range []string{"8 of 13 jobs failed", "&lt;/script&gt;&lt;b&gt;", "5 ok", "1 over memory", "5.00 s"} {
		if !strings.Contains(dom, want) {
			t.Errorf("%q is not on the page", want)
		}
	}

	// A search leaves those rows that have all words, in whatever column.
	dom = b.run(t, "#q=ITEM%20was%20lost", "--dump-dom")
	if got := data(dom, "shown"); got != "1" || !strings.Contains(dom, "1 of 8 shown") || strings.Count(dom, `<tr hidden="">`) != 7 {
		t.Errorf("%s rows are shown, %d hidden", got, strings.Count(dom, `<tr hidden="">`))
	}

	// The address shows a job in the timeline.
	dom = b.run(t, "#job=6", "--dump-dom")
	tip := regexp.MustCompile(`(?s)<p id="tip"[^>]*>(.*?)</p>`).FindStringSubmatch(dom)
	if tip == nil || tip[1] != "job 6: timed out, 500 ms\nworker 1\nitem timed_out" {
		t.Errorf("the tip is %q", tip)
	}
}

// TestHostilePage checks that items and output are nothing but text on the page.
func TestHostilePage(t *testing.T) {
	items, err := os.ReadFile("../../testdata/items.txt")
	if err != nil {
		t.Fatal(err)
	}
	hostile := []string{
		`</script><script>document.documentElement.dataset.owned=1</script>`, `<img src=x onerror="document.documentElement.dataset.owned=1">`,
		`"><svg onload=document.documentElement.dataset.owned=1>`, `</pre></td></table><h1>owned</h1>`, `</title><h1>owned</h1>`, `{{.Owned}}`, `<!--`, `]]>`, "\u2028\u2029", `</style>`,
	}
	for quoted := range strings.Lines(string(items)) {
		item, err := strconv.Unquote(strings.TrimSpace(quoted))
		if err != nil {
			t.Fatal(err)
		}
		hostile = append(hostile, item)
	}
	var j strings.Builder
	j.WriteString(strings.Replace(header, `"/tmp"`, `"</title><h1>owned</h1>"`, 1))
	for i, item := range hostile {
		l := line(int64(i+1), 1, float64(i), 1, strings.ToValidUTF8(item, "?"))
		l.Error, l.Stderr = item, record.Text(item)
		l.Host = item[:min(len(item), 20)]
		j.WriteString(journalLine(l))
	}
	b := newBrowser(t, j.String())
	dom := b.run(t, "", "--dump-dom")
	if data(dom, "ready") != "yes" || data(dom, "error") != "" || data(dom, "owned") != "" || strings.Contains(dom, "<h1>owned") || strings.Contains(dom, "<img") {
		t.Errorf("error %q, owned %q", data(dom, "error"), data(dom, "owned"))
	}
	if got := data(dom, "bars"); got != strconv.Itoa(len(hostile)) || data(dom, "shown") != got {
		t.Errorf("%s bars, %s rows, want %d", got, data(dom, "shown"), len(hostile))
	}
}

// TestPageLoadsNothing checks that the page refers to nothing outside.
func TestPageLoadsNothing(t *testing.T) {
	for name, text := range map[string]string{"page.html": pageHTML, "page.css": pageCSS, "page.js": pageJS} {
		if m := regexp.MustCompile(`(?i)(https?:|//[a-z]+\.|@import|url\(|fetch\(|XMLHttp|import\(|innerHTML|eval\()`).FindString(text); m != "" {
			t.Errorf("%s has %q", name, m)
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[1], "#") && m[1] != "data:," {
				t.Errorf("%s refers to %s", name, m[1])
			}
		}
	}
}

// conversion returns the journal of a run that scales pictures: most jobs succeed, some are slow, and the files of one
// camera are broken.
func conversion() string {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString(strings.Replace(header, `["fanout","-j2","echo {} 'x'"]`, `["fanout","-j","8","-t","20","-r","1","--journal","scale.journal","convert {} -resize 1600x {//}/small/{/}"]`, 1))
	var free [8]float64
	for seq := int64(1); seq <= 700; seq++ {
		worker := 0
		for i, at := range free {
			if at < free[worker] {
				worker = i
			}
		}
		took := 0.4 + r.ExpFloat64()*0.5
		if r.IntN(40) == 0 {
			took += 6 * r.Float64()
		}
		l := line(seq, 0, free[worker], took, fmt.Sprintf("photos/2025-%02d/IMG_%04d.jpg", seq/60+1, 1000+seq))
		switch n := r.IntN(100); {
		case n == 0:
			l = ended(seq, "timed_out", string(l.Items[0]))
			l.Start, l.Seconds, l.Error, took = began.Add(seconds(free[worker])), 20, "timed out after 20s", 20
		case n == 1:
			l = ended(seq, "signaled", string(l.Items[0]))
			l.Start, l.Seconds, l.Error = began.Add(seconds(free[worker])), took, "killed by SIGSEGV"
		case seq/60 == 7 && n < 40:
			l.OK, l.Error, l.Attempts = false, "exit 1", 2
			one := 1
			l.ExitCode = &one
			l.Stderr = record.Text(fmt.Sprintf("convert: insufficient image data in file `%s'\nconvert: no images defined\n", l.Items[0]))
		case n < 6:
			l.Attempts = 2
		}
		l.Worker, l.MaxRSS = worker+1, 180<<20
		free[worker] += took + 0.01
		b.WriteString(journalLine(l))
	}
	return b.String()
}

// TestScreenshot checks the colours of the page; -update keeps the picture.
func TestScreenshot(t *testing.T) {
	b := newBrowser(t, conversion())
	shot := filepath.Join(b.dir, "shot.png")
	b.run(t, "", "--screenshot="+shot)
	picture, err := os.ReadFile(shot)
	if err != nil {
		t.Fatal(err)
	}
	image, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[color.RGBA]int{}
	for y := range image.Bounds().Dy() {
		for x := range image.Bounds().Dx() {
			red, green, blue, _ := image.At(x, y).RGBA()
			counts[color.RGBA{uint8(red >> 8), uint8(green >> 8), uint8(blue >> 8), 255}]++
		}
	}
	for what, c := range map[string]struct {
		color color.RGBA
		least int
	}{
		"jobs that succeeded": {color.RGBA{0x00, 0x9e, 0x73, 255}, 50_000}, "jobs that failed": {color.RGBA{0xd5, 0x5e, 0x00, 255}, 500},
		"jobs that timed out": {color.RGBA{0xe6, 0x9f, 0x00, 255}, 500}, "jobs ended by a signal": {color.RGBA{0xcc, 0x79, 0xa7, 255}, 200},
		"the histogram": {color.RGBA{0x00, 0x72, 0xb2, 255}, 10_000},
	} {
		if counts[c.color] < c.least {
			t.Errorf("%s: %d pixels, want %d at least", what, counts[c.color], c.least)
		}
	}
	if *update {
		if err := os.WriteFile("../../docs/report.png", picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
