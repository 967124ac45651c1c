/* One child, one pipe, one deadline. Neighbours: software.c asks rpm. */
#include "program.h"
#include "base/buf.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static bool start(const char *const *argv, int to, pid_t *ret)
{
	static const char *const env[] = { "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	posix_spawn_file_actions_t actions;
	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	bool good = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
		    posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO) == 0 &&
		    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
		    posix_spawnp(ret, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env) == 0;
	posix_spawn_file_actions_destroy(&actions);
	return good;
}

/* Until the end of the pipe; false when time or room is up. */
static bool drain(int from, int64_t deadline, struct buf *out)
{
	for (;;) {
		struct pollfd p = { .fd = from, .events = POLLIN };
		int64_t left = deadline - clock_monotonic();
		int ready = left > 0 ? poll(&p, 1, (int)(left / 1000 + 1)) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		char *room = ready > 0 ? buf_room(out, 1 << 16) : NULL;
		if (!room)
			return false;
		ssize_t n = read(from, room, 1 << 16);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		out->len += (size_t)n;
	}
}

bool program_output(const char *const *argv, size_t max, int64_t limit, struct arena *arena, struct str *ret)
{
	CLEAN_BUF struct buf out;
	int ends[2], status = -1;
	pid_t child;
	buf_init(&out, max + (1 << 16));
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	bool started = start(argv, ends[1], &child);
	close(ends[1]);
	bool good = started && drain(ends[0], clock_monotonic() + limit, &out);
	close(ends[0]);
	if (started && !good)
		kill(child, SIGKILL);
	while (started && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!good || out.len > max || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return false;
	*ret = arena_copy(arena, buf_str(&out));
	return ret->data != NULL;
}
