package script

import "slices"

// rule tells which arguments of a program are code.
type rule uint8

const (
	noCode      rule = iota
	optionCode       // the word after -c or --command, of a shell
	allCode          // all arguments, joined
	remoteCode       // all arguments after the host, joined
	anyCode          // some argument, unknown which: all are refused
	afterCode        // all arguments before :::
	gitCode          // -c alias.x=…, and subcommands that run a shell
	flagCode         // the value of one of codeFlags
	screenCode       // -X COMMAND
	adbCode          // all arguments after the word shell
	testCode         // [ -v a[…] ]
	printfCode       // -v NAME and a format
	setCode          // options
	operandText      // the first operand is a program in another language
	optionText       // the word after -e, -c or the like is a program
)

// posixShells run code that {:q} can be part of. otherShells quote in other ways.
var (
	posixShells = []string{"sh", "bash", "dash", "ksh", "ksh93", "mksh", "zsh", "ash", "rbash", "yash", "posh"}
	otherShells = []string{"fish", "csh", "tcsh", "pwsh", "powershell", "nu", "elvish", "xonsh", "rc", "es"}
)

// isShell reports whether a program runs shell code.
func isShell(name string) bool {
	return slices.Contains(posixShells, name) || slices.Contains(otherShells, name)
}

// programs are the commands that take code among their arguments.
var programs = map[string]rule{
	"eval": allCode, "watch": allCode, "hyperfine": allCode,
	"ssh": remoteCode, "autossh": remoteCode, "slogin": remoteCode, "rsh": remoteCode,
	"remsh": remoteCode, "dbclient": remoteCode,
	"mosh": anyCode, "pssh": anyCode, "pdsh": anyCode, "clush": anyCode, "dsh": anyCode, "tmux": anyCode,
	"su": optionCode, "runuser": optionCode, "script": optionCode, "flock": optionCode,
	"sg": optionCode, "vagrant": optionCode,
	"parallel": afterCode, "sem": afterCode,
	"env": flagCode, "rsync": flagCode, "tar": flagCode, "sbatch": flagCode,
	"gcloud": flagCode, "ansible": flagCode, "expect": flagCode,
	"screen": screenCode, "git": gitCode, "adb": adbCode,
}

// codeFlags are the options that have a command as their value, as FLAG VALUE or FLAG=VALUE.
var codeFlags = map[string][]string{
	"env": {"-S", "--split-string"}, "rsync": {"-e", "--rsh", "--rsync-path"}, "sbatch": {"--wrap"},
	"gcloud": {"--command"},
	"tar": {
		"-I", "--use-compress-program", "--to-command", "--checkpoint-action", "--rsh-command", "-F", "--info-script",
		"--new-volume-script",
	},
	"ansible": {"-a", "--args"}, "expect": {"-c"},
}

// wrappers run the command that stands among their arguments.
var wrappers = []string{
	"builtin", "busybox", "caffeinate", "chpst", "chroot", "chrt", "command", "doas", "docker", "eatmydata", "env",
	"exec", "fakeroot", "find", "fd", "fdfind", "firejail", "flock", "ionice", "kubectl", "lxc-attach", "ltrace",
	"nerdctl", "nice", "nohup", "nsenter", "numactl", "perf", "pkexec", "podman", "prlimit", "proxychains",
	"rlwrap", "runuser", "setarch", "setpriv", "setsid", "softlimit", "srun", "sshpass", "start-stop-daemon",
	"stdbuf", "strace", "sudo", "systemd-run", "taskset", "time", "timeout", "torsocks", "toybox", "unbuffer",
	"unshare", "valgrind", "xargs", "xvfb-run",
}

// substitutors replace {} in the code that they run, so that even quoted items are not safe in it.
var substitutors = []string{"find", "fd", "fdfind", "xargs", "parallel"}

// languages are programs with a program of another language among their arguments. An item in it causes a
// warning, because it becomes part of that program.
var languages = map[string]struct {
	rule  rule
	flags string // optionText: the letters of the options before a program; operandText: options with a value
}{
	"awk": {operandText, "Fvf"}, "gawk": {operandText, "Fvf"}, "mawk": {operandText, "Fvf"}, "nawk": {operandText, "Fvf"},
	"sed": {operandText, "fl"}, "gsed": {operandText, "fl"}, "jq": {operandText, "fL"}, "yq": {operandText, ""},
	"perl": {optionText, "eE"}, "python": {optionText, "c"}, "python2": {optionText, "c"}, "python3": {optionText, "c"},
	"pypy3": {optionText, "c"}, "ruby": {optionText, "e"}, "node": {optionText, "ep"}, "deno": {optionText, "e"},
	"php": {optionText, "r"}, "lua": {optionText, "e"}, "Rscript": {optionText, "e"}, "psql": {optionText, "c"},
	"mysql": {optionText, "e"},
}
