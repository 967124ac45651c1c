/* Connections and how long each may take. libmicrohttpd closes who says nothing; who says one byte a second would stay for ever. */
#pragma once
#include "base/arena.h"
#include <stdatomic.h>
#include <stdint.h>

#define SLOWEST 512 /* bytes a second that a link must carry, past its patience; far below any satellite's */

/* One connection; its owner moves its deadline, the watch cuts it when that has passed. */
struct link {
	struct arena *arena; /* of its requests, one after the other */
	int fd;
	_Atomic int64_t deadline; /* clock_monotonic; 0: none */
	struct link *next, **place;
};

struct watch;
/* `patience`: microseconds in which nothing needs to happen. NULL when out of memory or threads. */
struct watch *watch_new(int64_t patience);
void watch_free(struct watch *w); /* when no connection is left */

struct link *link_new(struct watch *w, int fd);
void link_free(struct watch *w, struct link *l); /* before its socket is closed */

/* From now on the head of a request may come. */
void link_awaits(const struct watch *w, struct link *l);
/* `bytes` are to pass, or have passed, since `since` (clock_monotonic). */
void link_carries(const struct watch *w, struct link *l, int64_t since, size_t bytes);
/* It waits for this program. */
void link_rests(struct link *l);
