package script

import "slices"

// inProcess are the builtins that fanout runs itself. Their arguments are nothing but text.
var inProcess = []string{"echo", "true", "false", ":"}

// builtins are the other builtins of bash, which only a script can reach.
var builtins = []string{
	".", "[", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "command", "compgen", "complete", "compopt",
	"continue", "declare", "dirs", "disown", "enable", "eval", "exec", "exit", "export", "fc", "fg", "getopts", "hash",
	"help", "history", "jobs", "kill", "let", "local", "logout", "mapfile", "popd", "printf", "pushd", "pwd", "read",
	"readarray", "readonly", "return", "set", "shift", "shopt", "source", "suspend", "test", "times", "trap", "type",
	"typeset", "ulimit", "umask", "unalias", "unset", "wait",
}

// IsBuiltin reports whether a name is a builtin of bash that needs a shell.
func IsBuiltin(name string) bool { return slices.Contains(builtins, name) }
