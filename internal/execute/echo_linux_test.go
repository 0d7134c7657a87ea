package execute

import (
	"os/exec"
	"strings"
	"testing"
)

// TestEcho compares the escapes of echo -e with bash's, all at once.
func TestEcho(t *testing.T) {
	bash := findBash(t)
	args := []string{
		``, `a`, `\`, `\\`, `\\\`, `\a`, `\b`, `\e`, `\E`, `\f`, `\n`, `\r`, `\t`, `\v`, `\'`, `\"`, `\?`, `\z`, `\ `, `\1`, `\12`, `\123`,
		`\0`, `\01`, `\012`, `\0123`, `\01234`, `\0377`, `\0400`, `\0777`, `\08`, `\0a`, `\x`, `\x4`, `\x41`, `\x412`, `\xg`, `\xFF`, `\xff`, `\xAg`,
		`\u`, `\u4`, `\u41`, `\u041`, `\u0041`, `\u00410`, `\u00e9`, `\u20ac`, `\u20AC`, `\ug`, `\ud7ff`, `\ue000`, `\uffff`, `\u0`, `\x00`, `\x0`,
		`\U`, `\U41`, `\U1F600`, `\U0001F600`, `\U0001F6001`, `\U10FFFF`, `\Ug`, `\U000000e9`,
		`a\nb\tc`, `\\n`, `\\\n`, `%s`, `é\té`, "\xff\\t\xfe", `a\`, `-n`, `a\c`, `a\cb`, `\c`,
		"\u00e9\\x41", `\x41\x42`, `\u0041\u0042`, `\60`, `\061`, `\x3`, `\cx`, `\x7f`, `\0177`, `\u7f`, `\u80`, `\u7ff`, `\u800`, `\U7f`, `\U80`,
	}
	for _, locale := range []string{"C.UTF-8", "C"} {
		for _, options := range [][]string{{"-e"}, {"-en"}, {"-E"}, {}, {"-n", "-e"}} {
			for _, arg := range args {
				if locale == "C" && (strings.Contains(arg, `\u`) || strings.Contains(arg, `\U`)) {
					continue // there bash cannot print most characters
				}
				for _, words := range [][]string{{arg}, {"x", arg, "y"}} {
					words = append(options, words...)
					cmd := exec.Command(bash, append([]string{"-c", `echo "$@"`, "bash"}, words...)...)
					cmd.Env = []string{"LC_ALL=" + locale}
					want, err := cmd.Output()
					if err != nil {
						t.Fatal(err)
					}
					if got, _ := builtin([]byte("before "), "echo", words); string(got) != "before "+string(want) {
						t.Errorf("%s: echo %q: %q, bash: %q", locale, words, got[7:], want)
					}
				}
			}
		}
	}
}
