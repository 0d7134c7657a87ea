package script

// inProcess are the builtins that fanout runs itself. Their arguments are nothing but text.
var inProcess = []string{"echo", "true", "false", ":"}

// builtins are the other builtins of bash, which only a script can reach. The rule tells which of their
// arguments become code, name a variable, or are an option that does one of the two.
var builtins = map[string]rule{
	"bg": noCode, "break": noCode, "builtin": noCode, "caller": noCode, "cd": noCode, "command": noCode,
	"continue": noCode, "dirs": noCode, "disown": noCode, "exec": noCode, "exit": noCode, "fg": noCode, "help": noCode,
	"kill": noCode, "logout": noCode, "popd": noCode, "pushd": noCode, "pwd": noCode, "return": noCode, "shift": noCode,
	"suspend": noCode, "times": noCode, "type": noCode, "ulimit": noCode, "umask": noCode,

	".": anyCode, "alias": anyCode, "bind": anyCode, "compgen": anyCode, "complete": anyCode, "compopt": anyCode,
	"declare": anyCode, "enable": anyCode, "export": anyCode, "fc": anyCode, "getopts": anyCode, "hash": anyCode,
	"history": anyCode, "jobs": anyCode, "let": anyCode, "local": anyCode, "mapfile": anyCode, "read": anyCode,
	"readarray": anyCode, "readonly": anyCode, "source": anyCode, "trap": anyCode, "typeset": anyCode,
	"unalias": anyCode, "unset": anyCode, "wait": anyCode,

	"eval": allCode, "[": testCode, "test": testCode, "printf": printfCode, "set": setCode, "shopt": setCode,
}

// IsBuiltin reports whether a name is a builtin of bash that needs a shell.
func IsBuiltin(name string) bool {
	_, ok := builtins[name]
	return ok
}
