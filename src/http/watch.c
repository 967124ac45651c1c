/* A thread that cuts connections whose deadline has passed. Cutting is shutdown(): libmicrohttpd sees the end and cleans up.
 * Neighbours: server.c makes links and says what each is about. */
#include "watch.h"
#include "base/clock.h"
#include "base/mem.h"
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

#define LOOK_MOST (SECOND / 2)

struct watch {
	int64_t patience;
	pthread_t thread;
	pthread_mutex_t lock;
	struct link *links;
	_Atomic bool stop;
};

static void look(struct watch *w)
{
	int64_t now = clock_monotonic();
	pthread_mutex_lock(&w->lock);
	for (struct link *l = w->links; l; l = l->next) {
		int64_t deadline = atomic_load_explicit(&l->deadline, memory_order_relaxed);
		if (deadline && now > deadline)
			shutdown(l->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&w->lock);
}

static void *watch_thread(void *data)
{
	struct watch *w = data;
	int64_t pause = w->patience / 4 < LOOK_MOST ? w->patience / 4 : LOOK_MOST;
	while (!atomic_load(&w->stop)) {
		nanosleep(&(struct timespec){ .tv_sec = pause / SECOND, .tv_nsec = pause % SECOND * 1000 }, NULL);
		look(w);
	}
	return NULL;
}

struct watch *watch_new(int64_t patience)
{
	struct watch *w = mem_new(sizeof *w);
	if (!w)
		return NULL;
	w->patience = patience;
	pthread_mutex_init(&w->lock, NULL);
	if (pthread_create(&w->thread, NULL, watch_thread, w)) {
		pthread_mutex_destroy(&w->lock);
		mem_free(w);
		return NULL;
	}
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	atomic_store(&w->stop, true);
	pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	mem_free(w);
}

struct link *link_new(struct watch *w, int fd)
{
	struct link *l = mem_new(sizeof *l);
	if (!l)
		return NULL;
	l->arena = arena_new(0);
	if (!l->arena) {
		mem_free(l);
		return NULL;
	}
	l->fd = fd;
	link_awaits(w, l);
	pthread_mutex_lock(&w->lock);
	l->next = w->links;
	l->place = &w->links;
	if (l->next)
		l->next->place = &l->next;
	w->links = l;
	pthread_mutex_unlock(&w->lock);
	return l;
}

void link_free(struct watch *w, struct link *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&w->lock);
	*l->place = l->next;
	if (l->next)
		l->next->place = l->place;
	pthread_mutex_unlock(&w->lock);
	arena_free(l->arena);
	mem_free(l);
}

/* Idle for as long as libmicrohttpd lets it, and then as long again for the head itself. */
void link_awaits(const struct watch *w, struct link *l)
{
	atomic_store_explicit(&l->deadline, clock_monotonic() + 2 * w->patience, memory_order_relaxed);
}

void link_carries(const struct watch *w, struct link *l, int64_t since, size_t bytes)
{
	int64_t seconds = (int64_t)(bytes / SLOWEST);
	atomic_store_explicit(&l->deadline, since + w->patience + seconds * SECOND, memory_order_relaxed);
}

void link_rests(struct link *l)
{
	atomic_store_explicit(&l->deadline, 0, memory_order_relaxed);
}
