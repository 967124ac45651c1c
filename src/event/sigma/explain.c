/* Why a rule holds or not: its condition as a tree, each part with its answer and, for items, the values that were looked at.
 * Neighbours: match.c gives the answers. */
#include "base/json_write.h"
#include "scratch.h"

static void tell_values(struct sigma_scratch *x, unsigned slot, struct json_writer *w)
{
	json_name(w, STR("values"));
	json_list(w);
	for (uint32_t at = slot_first(x, slot); at; at = x->values.items[at - 1].next) {
		const struct value *v = value_at(x, at);
		if (v->null)
			json_put_null(w);
		else
			json_put_text(w, v->text);
	}
	json_list_end(w);
}

static void tell_node(struct sigma_scratch *x, const struct node *n, struct json_writer *w)
{
	static const char *const words[] = { [NODE_AND] = "and", [NODE_OR] = "or", [NODE_NOT] = "not" };
	json_object(w);
	json_member_bool(w, "holds", node_holds(x, n));
	if (n->kind == NODE_ITEM) {
		const struct item *item = &x->set->items.items[n->item];
		json_member_text(w, "item", item->key);
		if (item->slot != SLOT_EVERYTHING)
			tell_values(x, item->slot, w);
	} else {
		json_name(w, str_of(words[n->kind]));
		json_list(w);
		for (size_t i = 0; i < n->count; i++)
			tell_node(x, n->parts[i], w);
		json_list_end(w);
	}
	json_object_end(w);
}

enum code sigma_explain(struct sigma_scratch *x, const struct sigma_rule *rule, struct json_writer *w, struct error *e)
{
	const struct rule *r = &x->set->rules.items[rule->index];
	if (!r->root)
		return error_fail(e, E_INVALID, N_("A correlation is judged over many events; explain the rules it names"));
	json_object(w);
	json_member_text(w, "rule", rule->id);
	json_member_text(w, "title", rule->title);
	json_name(w, STR("condition"));
	tell_node(x, r->root, w);
	json_object_end(w);
	return buf_ok(w->out) ? OK : error_nomem(e);
}
