/* For tests only, preloaded into the server: makes the n-th allocation, or the n-th write or sync of a file, fail, and
 * moves the wall clock. What to do stands in a small file that the test has mapped too, so that one server serves for
 * thousands of faults. Built and steered by shim.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct control { /* as shim.py has it */
	_Atomic int64_t allocations, writes; /* so far */
	/* Those counted from `from` up to `until` fail. Only the test sets them: a server that put them back when it is done could
	 * undo what the test has just said. */
	_Atomic int64_t allocation_from, allocation_until;
	_Atomic int64_t write_from, write_until, write_errno;
	_Atomic int64_t clock_offset; /* microseconds */
	_Atomic int64_t failed;       /* faults made so far */
};

static struct control off;
static struct control *control = &off;

/* Until begin() has found the real functions memory comes from here and is never given back: dlsym() itself allocates, and
 * so does a sanitizer while it gets ready. */
static _Alignas(16) char early[4 << 20];
static _Atomic size_t early_used;
static _Atomic int ready;

static void *early_alloc(size_t size)
{
	size_t at = atomic_fetch_add(&early_used, (size + 31) & ~(size_t)15);
	if (at + size + 16 > sizeof early)
		return NULL;
	memcpy(early + at, &size, sizeof size);
	return early + at + 16;
}

static int is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + sizeof early;
}

typedef void *(*malloc_type)(size_t);
typedef void *(*calloc_type)(size_t, size_t);
typedef void *(*realloc_type)(void *, size_t);
typedef void (*free_type)(void *);
typedef ssize_t (*write_type)(int, const void *, size_t);
typedef ssize_t (*pwrite_type)(int, const void *, size_t, off_t);
typedef ssize_t (*writev_type)(int, const struct iovec *, int);
typedef int (*sync_type)(int);
typedef int (*truncate_type)(int, off_t);
typedef int (*getattr_type)(pthread_t, pthread_attr_t *);
typedef int (*clock_type)(clockid_t, struct timespec *);
#define EACH(DO)                                                                                                     \
	DO(malloc, malloc_type)                                                                                      \
	DO(calloc, calloc_type) DO(realloc, realloc_type) DO(free, free_type) DO(write, write_type) DO(pwrite, pwrite_type)                 \
	DO(pwrite64, pwrite_type) DO(writev, writev_type) DO(fsync, sync_type) DO(fdatasync, sync_type) DO(ftruncate, truncate_type)        \
	DO(ftruncate64, truncate_type) DO(clock_gettime, clock_type) DO(pthread_getattr_np, getattr_type)

#define DECLARE(name, type) static type real_##name;
EACH(DECLARE)

static void find(void)
{
#define FIND(name, type) real_##name = (type)dlsym(RTLD_NEXT, #name);
	EACH(FIND)
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("MANDATE_TEST_SHIM");
	if (!atomic_load(&ready)) {
		find();
		atomic_store(&ready, 1);
	}
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		control = map;
}

static void begin_early(void)
{
	if (!atomic_load(&ready))
		begin();
}

static __thread int spared;

/* Counts one, and tells whether it is to fail. */
static int due(_Atomic int64_t *so_far, const _Atomic int64_t *from, const _Atomic int64_t *until)
{
	int64_t number = atomic_fetch_add_explicit(so_far, 1, memory_order_relaxed);
	if (number < atomic_load_explicit(from, memory_order_relaxed) || number >= atomic_load_explicit(until, memory_order_relaxed))
		return 0;
	atomic_fetch_add(&control->failed, 1);
	if (getenv("MANDATE_TEST_TRACE")) { /* where it was, for who looks into what came of it */
		void *frames[40];
		spared++;
		backtrace_symbols_fd(frames, backtrace(frames, 40), 2);
		spared--;
	}
	return 1;
}

static int no_memory(void)
{
	if (spared || !due(&control->allocations, &control->allocation_from, &control->allocation_until))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	if (!atomic_load(&ready))
		return early_alloc(size);
	return no_memory() ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	size_t total;
	if (!atomic_load(&ready)) /* never used before, so it is zero */
		return __builtin_mul_overflow(count, size, &total) ? NULL : early_alloc(total);
	return no_memory() ? NULL : real_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	if (atomic_load(&ready) && !is_early(old))
		return no_memory() ? NULL : real_realloc(old, size);
	void *fresh = malloc(size);
	size_t before = 0;
	if (fresh && old) {
		memcpy(&before, (char *)old - 16, sizeof before);
		memcpy(fresh, old, before < size ? before : size);
	}
	return fresh;
}

void free(void *p)
{
	if (p && !is_early(p))
		real_free(p);
}

/* Only files of the data folder: what goes to sockets, pipes and the log is left alone. */
static int write_fails(int fd)
{
	struct stat s;
	begin_early();
	if (fd <= 2 || fstat(fd, &s) != 0 || !S_ISREG(s.st_mode))
		return 0;
	if (!due(&control->writes, &control->write_from, &control->write_until))
		return 0;
	errno = (int)atomic_load(&control->write_errno);
	return 1;
}

ssize_t write(int fd, const void *data, size_t len)
{
	return write_fails(fd) ? -1 : real_write(fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	return write_fails(fd) ? -1 : real_pwrite(fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t at)
{
	return write_fails(fd) ? -1 : real_pwrite64(fd, data, len, at);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
	return write_fails(fd) ? -1 : real_writev(fd, pieces, count);
}

int fsync(int fd)
{
	return write_fails(fd) ? -1 : real_fsync(fd);
}

int fdatasync(int fd)
{
	return write_fails(fd) ? -1 : real_fdatasync(fd);
}

int ftruncate(int fd, off_t len)
{
	return write_fails(fd) ? -1 : real_ftruncate(fd, len);
}

int ftruncate64(int fd, off_t len)
{
	return write_fails(fd) ? -1 : real_ftruncate64(fd, len);
}

/* A sanitizer asks this of every thread that begins, and gives up when there is no memory for the answer. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *ret)
{
	spared++;
	int result = real_pthread_getattr_np(thread, ret);
	spared--;
	return result;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	begin_early();
	int result = real_clock_gettime(clock, t);
	int64_t offset = atomic_load_explicit(&control->clock_offset, memory_order_relaxed);
	if (result == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
		int64_t now = (int64_t)t->tv_sec * 1000000 + t->tv_nsec / 1000 + offset;
		t->tv_sec = now / 1000000;
		t->tv_nsec = now % 1000000 * 1000;
	}
	return result;
}
