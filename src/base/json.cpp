// JSON reading: simdjson behind the C face of base/json.h. The only C++ in the program.
// Neighbours: json.c walks the trees made here.
#include <charconv>
#include <new>
#include <pthread.h>
#include <simdjson.h>

extern "C" {
struct arena;
void *arena_alloc(struct arena *a, size_t size);
void *arena_room(struct arena *a, size_t size);
}
#include "json_shim.h"

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

// A parser keeps some fourteen bytes for each byte of the longest text it has seen; after a text this long it goes.
constexpr size_t text_to_remember = 256 << 10;

// A parser a thread, freed with it. Not a thread_local object: the C library ends the program when it finds no memory to
// note the destructor of one.
thread_local simdjson::dom::parser *kept;
pthread_key_t kept_key;
pthread_once_t kept_once = PTHREAD_ONCE_INIT;

void forget(void *parser)
{
	delete static_cast<simdjson::dom::parser *>(parser);
	kept = nullptr;
}

void make_key()
{
	pthread_key_create(&kept_key, forget);
}

// NULL without memory.
simdjson::dom::parser *parser_get()
{
	if (kept)
		return kept;
	pthread_once(&kept_once, make_key);
	kept = new (std::nothrow) simdjson::dom::parser();
	if (kept && pthread_setspecific(kept_key, kept)) {
		delete kept;
		kept = nullptr;
	}
	return kept;
}

void parser_drop()
{
	if (!kept)
		return;
	pthread_setspecific(kept_key, nullptr);
	forget(kept);
}

struct reading {
	struct arena *arena;
	size_t nodes, most, deepest;
	char *texts; // room for all texts of the document
	size_t room;
	int fault; // enum shim_fault
};

bool convert(reading &r, element from, struct shim_json *to, size_t depth);

void *take(reading &r, size_t count, size_t size)
{
	void *p = arena_alloc(r.arena, count ? count * size : 1);
	if (!p)
		r.fault = SHIM_NOMEM;
	return p;
}

// All texts lie one behind the other in one piece of memory. The text parsed is long enough for them: each had its two
// quotes there and has a NUL here, and escapes only get shorter.
bool text_copy(reading &r, std::string_view from, const char **ret, size_t *ret_len)
{
	if (!r.texts && !(r.texts = static_cast<char *>(arena_room(r.arena, r.room ? r.room : 1)))) {
		r.fault = SHIM_NOMEM;
		return false;
	}
	if (from.size() >= r.room) { // never, by the above
		r.fault = SHIM_NOMEM;
		return false;
	}
	memcpy(r.texts, from.data(), from.size());
	r.texts[from.size()] = 0;
	*ret = r.texts;
	*ret_len = from.size();
	r.texts += from.size() + 1;
	r.room -= from.size() + 1;
	return true;
}

bool count_node(reading &r, size_t depth)
{
	if (++r.nodes > r.most)
		r.fault = SHIM_NODES;
	else if (depth > r.deepest)
		r.fault = SHIM_DEPTH;
	return r.fault == SHIM_OK;
}

bool convert_list(reading &r, simdjson::dom::array from, struct shim_json *to, size_t depth)
{
	size_t n = 0;
	for (element e : from) {
		(void)e;
		n++;
	}
	if (n > r.most - r.nodes) {
		r.fault = SHIM_NODES;
		return false;
	}
	struct shim_json *items = static_cast<struct shim_json *>(take(r, n, sizeof *items));
	if (!items)
		return false;
	to->type = SHIM_LIST;
	to->list.items = items;
	to->list.count = n;
	for (element e : from)
		if (!convert(r, e, items++, depth + 1))
			return false;
	return true;
}

bool convert_object(reading &r, simdjson::dom::object from, struct shim_json *to, size_t depth)
{
	size_t n = from.size(), i = 0;
	if (n == 0xFFFFFF) { // simdjson saturates its count there
		n = 0;
		for (auto field : from) {
			(void)field;
			n++;
		}
	}
	if (n > r.most - r.nodes) {
		r.fault = SHIM_NODES;
		return false;
	}
	struct shim_member *members = static_cast<struct shim_member *>(take(r, n, sizeof *members));
	if (!members)
		return false;
	to->type = SHIM_OBJECT;
	to->object.members = members;
	to->object.count = n;
	for (auto field : from) {
		struct shim_member *m = &members[i++];
		if (!text_copy(r, field.key, &m->name, &m->name_len) || !convert(r, field.value, &m->value, depth + 1))
			return false;
	}
	return true;
}

bool convert(reading &r, element from, struct shim_json *to, size_t depth)
{
	if (!count_node(r, depth))
		return false;
	switch (from.type()) {
	case element_type::ARRAY:
		return convert_list(r, from.get_array().value_unsafe(), to, depth);
	case element_type::OBJECT:
		return convert_object(r, from.get_object().value_unsafe(), to, depth);
	case element_type::INT64:
		to->type = SHIM_INT;
		to->integer = from.get_int64().value_unsafe();
		return true;
	case element_type::UINT64: // past int64, or it would have come as INT64
		to->type = SHIM_REAL;
		to->real = static_cast<double>(from.get_uint64().value_unsafe());
		return true;
	case element_type::DOUBLE:
		to->type = SHIM_REAL;
		to->real = from.get_double().value_unsafe();
		return true;
	case element_type::STRING:
		to->type = SHIM_TEXT;
		return text_copy(r, from.get_string().value_unsafe(), &to->text.data, &to->text.len);
	case element_type::BOOL:
		to->type = SHIM_BOOL;
		to->boolean = from.get_bool().value_unsafe();
		return true;
	case element_type::NULL_VALUE:
		to->type = SHIM_NULL;
		return true;
	}
	return false;
}


int fault_of(simdjson::error_code error)
{
	switch (error) {
	case simdjson::MEMALLOC:
	case simdjson::CAPACITY:
		return SHIM_NOMEM;
	case simdjson::DEPTH_ERROR:
		return SHIM_DEPTH;
	case simdjson::NUMBER_ERROR:
		return SHIM_NUMBER;
	default:
		return SHIM_SYNTAX;
	}
}

int parse(struct arena *arena, const char *text, size_t len, size_t depth, size_t nodes, struct shim_json *ret)
{
	reading r = { arena, 0, nodes, depth, nullptr, len, SHIM_OK };
	element root;
	// simdjson reads past the end; with realloc_if_needed it copies into a padded buffer of its own
	simdjson::dom::parser *parser = parser_get();
	if (!parser)
		return SHIM_NOMEM;
	simdjson::error_code error = parser->parse(text, len, true).get(root);
	if (error)
		return fault_of(error);
	if (!convert(r, root, ret, 1) && r.fault == SHIM_OK)
		r.fault = SHIM_SYNTAX;
	return r.fault;
}

} // namespace

extern "C" int shim_parse(struct arena *arena, const char *text, size_t len, size_t depth, size_t nodes, struct shim_json *ret)
{
	int fault;
	try {
		fault = parse(arena, text, len, depth, nodes, ret);
		if (len > text_to_remember || fault == SHIM_NOMEM) // one that got only half its memory reads nothing right any more
			parser_drop();
	} catch (...) {
		parser_drop();
		fault = SHIM_NOMEM;
	}
	return fault;
}

extern "C" size_t shim_real(double n, char out[32])
{
	return static_cast<size_t>(std::to_chars(out, out + 32, n).ptr - out);
}

extern "C" bool shim_overflows(const char *text, size_t len)
{
	double n;
	return std::from_chars(text, text + len, n).ec == std::errc::result_out_of_range;
}
