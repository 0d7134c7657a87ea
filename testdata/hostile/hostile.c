// hostile MODE TOKEN FIFO [ARG] is a job that is hard to end. When all of its processes run, it writes "ready PID" to
// FIFO, with the pid of the first of them.
//
// Each process keeps FIFO open for writing until it ends, so end of file at the other end means that none is left.
// Each ends when nobody reads FIFO any more, so none can outlive the test. TOKEN stays in the arguments of all.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int fifo;
static long leader; // the pid to report

static void say(const char *word) { dprintf(fifo, "%s %ld\n", word, leader); }

static void die(const char *what) {
	perror(what);
	_exit(1);
}

// rest sleeps for a time; -1 is for ever. It exits when the test has closed FIFO.
static void rest(int milliseconds) {
	struct pollfd p = {.fd = fifo};
	do {
		if (poll(&p, 1, milliseconds) > 0 && p.revents & POLLERR)
			_exit(0);
	} while (milliseconds < 0);
}

static pid_t split(void) {
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	return pid;
}

static void leave_session(void) {
	if (setsid() < 0)
		die("setsid");
}

static void let_go_of_output(void) {
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (chdir("/") < 0)
		die("chdir");
}

// become_daemon returns only in the daemon, once its parent has ended. The leader sleeps, or ends with success.
static void become_daemon(int leader_ends) {
	pid_t between = split();
	if (between > 0) {
		waitpid(between, NULL, 0);
		if (leader_ends)
			_exit(0);
		rest(-1);
	}
	leave_session();
	between = getpid();
	if (split() > 0)
		_exit(0);
	let_go_of_output();
	while (getppid() == between)
		rest(1);
}

// comet forks and exits every millisecond, so each of its processes is hard to catch.
static void comet(int sessions) {
	let_go_of_output();
	leave_session();
	say("ready");
	for (;;) {
		rest(1);
		pid_t pid = fork();
		if (pid > 0)
			_exit(0);
		if (pid == 0 && sessions)
			leave_session();
	}
}

static void tell(int signal) {
	(void)signal;
	say("told");
}

int main(int argc, char **argv) {
	if (argc < 4)
		return 2;
	const char *mode = argv[1];
	long arg = argc > 4 ? atol(argv[4]) : 0;
	// Without a reader, open fails at once.
	if ((fifo = open(argv[3], O_WRONLY | O_NONBLOCK)) < 0)
		die(argv[3]);
	leader = getpid();

	if (!strcmp(mode, "plain")) {
	} else if (!strcmp(mode, "ignore-term")) {
		signal(SIGTERM, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
	} else if (!strcmp(mode, "told")) { // survives TERM, and reports it
		struct sigaction act = {.sa_handler = tell, .sa_flags = SA_RESTART};
		sigaction(SIGTERM, &act, NULL);
	} else if (!strcmp(mode, "background")) {
		if (split() > 0)
			rest(-1);
	} else if (!strcmp(mode, "setsid")) {
		if (split() > 0)
			rest(-1);
		leave_session();
	} else if (!strcmp(mode, "daemon")) {
		become_daemon(0);
	} else if (!strcmp(mode, "daemon-leader-gone")) {
		become_daemon(1);
	} else if (!strcmp(mode, "daemon-empty-env")) {
		become_daemon(0);
		char pid[32], *none[] = {NULL};
		snprintf(pid, sizeof pid, "%ld", leader);
		char *args[] = {argv[0], "emptied", argv[2], argv[3], pid, NULL};
		execve("/proc/self/exe", args, none);
		die("execve");
	} else if (!strcmp(mode, "emptied")) { // what daemon-empty-env executes
		leader = arg;
	} else if (!strcmp(mode, "comet")) {
		if (split() > 0)
			rest(-1);
		comet(0);
	} else if (!strcmp(mode, "comet-sessions")) { // each process in its own session
		if (split() > 0)
			rest(-1);
		comet(1);
	} else if (!strcmp(mode, "join")) { // joins the process group ARG
		if (setpgid(0, arg) < 0)
			die("setpgid");
	} else {
		return 2;
	}
	say("ready");
	rest(-1);
}
