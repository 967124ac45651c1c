/* Reports that wait for the server: one file each, numbered in the order they were made. A file is whole or not there
 * (file_replace), so a crash at any moment loses nothing that was stored. Neighbours: agent.c. */
#pragma once
#include "base/error.h"

struct arena;
struct spool;

/* Makes the folder when missing and takes its lock; E_CONFLICT while another process has it. */
enum code spool_open(struct str folder, struct spool **ret, struct error *e);
void spool_close(struct spool *s);

/* Durable once it answers OK. */
enum code spool_add(struct spool *s, struct str report, struct error *e);
size_t spool_count(const struct spool *s);
/* The oldest one; *ret is only valid in the arena. E_NOT_FOUND when there is none. */
enum code spool_first(struct spool *s, struct arena *arena, struct str *ret, struct error *e);
/* It has arrived. */
enum code spool_remove_first(struct spool *s, struct error *e);
/* It will never be taken: moved to the folder `refused`, where the last ten are kept to be looked at. */
enum code spool_refuse_first(struct spool *s, struct error *e);
/* Drops the oldest until at most that many remain, but never the newest; answers how many went. */
unsigned spool_trim(struct spool *s, size_t count, size_t bytes);

/* A small text that outlives the process (what the server has): empty when there is none. */
struct str spool_note(struct spool *s, struct arena *arena);
enum code spool_set_note(struct spool *s, struct str note, struct error *e);
