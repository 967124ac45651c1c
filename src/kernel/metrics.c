/* Counters per operation and code, one histogram per operation, a few gauges. Neighbours: dispatch.c and writer.c
 * count, http serves the text. Format: Prometheus text exposition 0.0.4. */
#include "kernel/metrics.h"
#include "base/mem.h"
#include "kernel/operation.h"
#include <stdatomic.h>

static const int64_t bounds[] = { 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 10000000 };
static const char *const bound_names[] = { "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01",
					   "0.025",  "0.05",    "0.1",    "0.25",  "1",      "10" };
#define BOUNDS (sizeof bounds / sizeof *bounds)

struct series {
	_Atomic uint64_t codes[E_INTERNAL + 1];
	_Atomic uint64_t buckets[BOUNDS + 1];
	_Atomic uint64_t micros;
};

struct metrics {
	size_t operations;
	_Atomic int64_t gauges[GAUGE_COUNT];
	struct series *series;
};

static const struct {
	const char *name, *type, *help;
} gauge_names[GAUGE_COUNT] = {
	[GAUGE_COMMITS] = { "mandate_commits_total", "counter", "Transactions committed" },
	[GAUGE_COMMIT_CALLS] = { "mandate_commit_calls_total", "counter", "Calls made durable by them" },
	[GAUGE_QUEUE] = { "mandate_write_queue", "gauge", "Calls waiting for the writer" },
	[GAUGE_JOURNAL_ENTRIES] = { "mandate_journal_entries_total", "counter", "Journal entries appended by this process" },
	[GAUGE_JOURNAL_LEAVES] = { "mandate_journal_leaves", "gauge", "Entries in the signed tree" },
	[GAUGE_CONNECTIONS] = { "mandate_http_connections", "gauge", "Open HTTP connections" },
	[GAUGE_STREAMS] = { "mandate_change_feeds", "gauge", "Open change feeds" },
	[GAUGE_SIGN_IN_FAILED] = { "mandate_sign_in_failed_total", "counter", "Refused sign-ins" },
	[GAUGE_JOB_FAILED] = { "mandate_job_failed_total", "counter", "Background runs that failed" },
	[GAUGE_SEARCH_LAG] = { "mandate_search_lag_entries", "gauge", "Journal entries the search index has not seen" },
	[GAUGE_SEARCH_DOCUMENTS] = { "mandate_search_documents", "gauge", "Records in the search index" },
	[GAUGE_SEARCH_BYTES] = { "mandate_search_bytes", "gauge", "Bytes of the search index's files" },
	[GAUGE_POLICY_CURSOR] = { "mandate_policy_entries", "gauge", "Journal entries up to which policies have judged" },
	[GAUGE_POLICY_DUE] = { "mandate_policy_due", "gauge", "Policies waiting to be judged as a whole" },
};

struct metrics *metrics_new(size_t operations)
{
	struct metrics *m = mem_new(sizeof *m);
	if (!m)
		return NULL;
	m->operations = operations;
	m->series = mem_array(operations ? operations : 1, sizeof *m->series);
	if (!m->series) {
		mem_free(m);
		return NULL;
	}
	return m;
}

void metrics_free(struct metrics *m)
{
	if (m)
		mem_free(m->series);
	mem_free(m);
}

void metrics_call(struct metrics *m, unsigned operation, enum code code, int64_t micros)
{
	if (operation >= m->operations)
		return;
	struct series *s = &m->series[operation];
	size_t place = 0;
	while (place < BOUNDS && micros > bounds[place])
		place++;
	atomic_fetch_add_explicit(&s->codes[code], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->buckets[place], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->micros, micros > 0 ? (uint64_t)micros : 0, memory_order_relaxed);
}

void metrics_add(struct metrics *m, enum gauge g, int64_t n)
{
	atomic_fetch_add_explicit(&m->gauges[g], n, memory_order_relaxed);
}

void metrics_set(struct metrics *m, enum gauge g, int64_t n)
{
	atomic_store_explicit(&m->gauges[g], n, memory_order_relaxed);
}

int64_t metrics_get(const struct metrics *m, enum gauge g)
{
	return atomic_load_explicit(&m->gauges[g], memory_order_relaxed);
}

static uint64_t count_of(_Atomic uint64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static void write_calls(const struct metrics *m, const struct registry *r, struct buf *out)
{
	buf_add_text(out, "# HELP mandate_calls_total Finished calls\n# TYPE mandate_calls_total counter\n");
	for (size_t i = 0; i < m->operations; i++)
		for (unsigned code = OK; code <= E_INTERNAL; code++)
			if (count_of(&m->series[i].codes[code]))
				buf_format(out, "mandate_calls_total{operation=\"%s\",code=\"%s\"} %llu\n",
					   registry_at(r, i)->name, code_name(code),
					   (unsigned long long)count_of(&m->series[i].codes[code]));
}

static void write_durations(const struct metrics *m, const struct registry *r, struct buf *out)
{
	buf_add_text(out, "# HELP mandate_call_seconds Duration of calls\n# TYPE mandate_call_seconds histogram\n");
	for (size_t i = 0; i < m->operations; i++) {
		struct series *s = &m->series[i];
		const char *name = registry_at(r, i)->name;
		uint64_t sum = 0;
		for (size_t b = 0; b <= BOUNDS; b++)
			sum += count_of(&s->buckets[b]);
		if (!sum)
			continue;
		uint64_t below = 0;
		for (size_t b = 0; b < BOUNDS; b++) {
			below += count_of(&s->buckets[b]);
			buf_format(out, "mandate_call_seconds_bucket{operation=\"%s\",le=\"%s\"} %llu\n", name,
				   bound_names[b], (unsigned long long)below);
		}
		buf_format(out, "mandate_call_seconds_bucket{operation=\"%s\",le=\"+Inf\"} %llu\n", name,
			   (unsigned long long)sum);
		buf_format(out, "mandate_call_seconds_sum{operation=\"%s\"} %.6f\n", name,
			   (double)count_of(&s->micros) / 1e6);
		buf_format(out, "mandate_call_seconds_count{operation=\"%s\"} %llu\n", name, (unsigned long long)sum);
	}
}

void metrics_write(const struct metrics *m, const struct registry *r, struct buf *out)
{
	for (size_t g = 0; g < GAUGE_COUNT; g++)
		buf_format(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", gauge_names[g].name, gauge_names[g].help,
			   gauge_names[g].name, gauge_names[g].type, gauge_names[g].name,
			   (long long)metrics_get(m, (enum gauge)g));
	write_calls(m, r, out);
	write_durations(m, r, out);
}
