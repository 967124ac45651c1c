/* One request and its answer, as resources and adapters see it. Valid until the handler returns. */
#pragma once
#include "base/buf.h"
#include "base/catalog.h"
#include "base/error.h"

struct arena;
struct call;
struct exchange;
struct kernel;

struct kernel *exchange_kernel(const struct exchange *x);
struct arena *exchange_arena(const struct exchange *x);
struct str exchange_method(const struct exchange *x);
struct str exchange_path(const struct exchange *x);
/* Empty when absent. */
struct str exchange_header(const struct exchange *x, const char *name);
struct str exchange_parameter(const struct exchange *x, const char *name);
struct str exchange_body(const struct exchange *x);
enum lang exchange_lang(const struct exchange *x);
/* A call with this exchange's credentials and language, to run or to authenticate. */
struct call *exchange_call(struct exchange *x);
/* The answer's body is written here; then exchange_reply names status and type. */
struct buf *exchange_out(struct exchange *x);
void exchange_reply(struct exchange *x, int status, const char *content_type);
/* `name` and `value` are copied. */
void exchange_set_header(struct exchange *x, const char *name, struct str value);
/* What a 401 asks for instead of "Bearer": for clients that know HTTP's own schemes only. `challenge` is a literal. */
void exchange_challenge(struct exchange *x, const char *challenge);
/* After the handler has returned OK the call runs, and `answer` writes the reply from it; what `answer` fails with, or the
 * call when `answer` passes its failure on, is told as usual. A write suspends the connection until it is on disk. */
void exchange_run(struct exchange *x, struct call *c, enum code (*answer)(struct exchange *x, struct call *c, struct error *e));
/* May be cached by anyone for so many seconds; 0: never (the default). */
void exchange_cache(struct exchange *x, int seconds, bool immutable);
