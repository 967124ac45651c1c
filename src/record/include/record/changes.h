/* What one operation changed, gathered while it runs and written as the payload of its journal entry:
 *   {"operation","actor","entity","authority":[derivations],"input_digest"?,"changes":[{"kind","id","version",
 *    "entity","action":"create|update|transition|archive|restore|erase","number"?,"state":[before,after]?,"fields":{name:[before,after]}}]}
 * Personal values stand there sealed: {"sealed":"base64","subject":"id"}; NO_HISTORY fields as {"digest":"hex"}.
 * The payload alone suffices to rebuild every row (the verifier and mirrors do). At most 1,000 records. */
#pragma once
#include "record/record.h"

struct changes *changes_new(struct arena *arena);
size_t changes_count(const struct changes *c);
/* Notes one authority used (deduplicated). */
bool changes_authority(struct changes *c, const struct decision *d);
/* before: NULL for a create. Only differing fields are noted for updates. */
enum code changes_add(struct record_context *x, const struct kind *k, const struct record_ref *ref, const char *action,
		      const struct value *before, const struct value *after, const char *state_before,
		      const char *state_after, struct error *e);
/* The human number of the record just added, which no field holds; lives as long as the call. */
void changes_number(struct changes *c, struct str number);
/* The payload. */
enum code changes_write(struct record_context *x, struct str operation, int64_t entity, struct buf *out, struct error *e);
/* For previews and dry runs: the same changes, plain, as the caller may see them. */
enum code changes_preview(struct record_context *x, struct json_writer *out, struct error *e);
/* Kinds touched, as a bit set by kind index (for caches and followers). */
bool changes_touched(const struct changes *c, const struct kind *k);
