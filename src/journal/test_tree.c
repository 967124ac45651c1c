/* The tree's arithmetic against RFC 6962's definitions, the well-known 8-leaf tree of certificate-transparency, and
 * a table of tile names with hostile ones among them. */
#include "journal/tree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 300

typedef uint8_t hash_t[SHA256_SIZE];

/* --- the slow, obvious oracle: RFC 6962 §2.1 read aloud ------------------------------------------ */

static int64_t below(int64_t n)
{
	int64_t k = 1;
	while (k * 2 < n)
		k *= 2;
	return k;
}

static void oracle_root(hash_t *leaves, int64_t n, uint8_t *out)
{
	hash_t left, right;
	if (n == 0) {
		sha256("", 0, out);
	} else if (n == 1) {
		memcpy(out, leaves[0], SHA256_SIZE);
	} else {
		oracle_root(leaves, below(n), left);
		oracle_root(leaves + below(n), n - below(n), right);
		tree_node_hash(left, right, out);
	}
}

static size_t oracle_path(int64_t m, hash_t *leaves, int64_t n, hash_t *out)
{
	if (n == 1)
		return 0;
	int64_t k = below(n);
	size_t count = m < k ? oracle_path(m, leaves, k, out) : oracle_path(m - k, leaves + k, n - k, out);
	if (m < k)
		oracle_root(leaves + k, n - k, out[count]);
	else
		oracle_root(leaves, k, out[count]);
	return count + 1;
}

static size_t oracle_proof(int64_t m, hash_t *leaves, int64_t n, bool whole, hash_t *out)
{
	if (m == n) {
		if (!whole)
			oracle_root(leaves, n, out[0]);
		return !whole;
	}
	int64_t k = below(n);
	size_t count = m <= k ? oracle_proof(m, leaves, k, whole, out) : oracle_proof(m - k, leaves + k, n - k, false, out);
	if (m <= k)
		oracle_root(leaves + k, n - k, out[count]);
	else
		oracle_root(leaves, k, out[count]);
	return count + 1;
}

struct world {
	hash_t leaves[MOST];
	hash_t roots[MOST + 1];
};

static int setup(void **state)
{
	static struct world w;
	for (int64_t i = 0; i < MOST; i++) {
		char text[32];
		int len = snprintf(text, sizeof text, "leaf %d", (int)i);
		tree_leaf_hash((struct str){ text, (size_t)len }, w.leaves[i]);
	}
	for (int64_t n = 0; n <= MOST; n++)
		oracle_root(w.leaves, n, w.roots[n]);
	*state = &w;
	return crypto_init(NULL) == OK ? 0 : -1;
}

/* --- known values -------------------------------------------------------------------------------- */

static void assert_hex(const uint8_t *hash, const char *expected)
{
	char hex[2 * SHA256_SIZE + 1];
	hex_encode(hash, SHA256_SIZE, hex);
	assert_string_equal(hex, expected);
}

/* The leaves and roots of certificate-transparency's merkle_tree_test. */
static void test_known_tree(void **state)
{
	static const struct {
		const char *leaf;
		size_t len;
		const char *root;
	} rows[] = {
		{ "", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
		{ "\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
		{ "\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
		{ "\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
		{ "\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
		{ "\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
		{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8,
		  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
		{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
		  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
	};
	struct tree_edge edge = { 0 };
	hash_t hash;
	tree_edge_root(&edge, hash);
	assert_hex(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		tree_leaf_hash((struct str){ rows[i].leaf, rows[i].len }, hash);
		tree_edge_add(&edge, hash);
		tree_edge_root(&edge, hash);
		assert_hex(hash, rows[i].root);
	}
}

static void test_edge_against_oracle(void **state)
{
	struct world *w = *state;
	struct tree_edge edge = { 0 };
	hash_t root;
	for (int64_t n = 0; n <= MOST; n++) {
		tree_edge_root(&edge, root);
		assert_memory_equal(root, w->roots[n], SHA256_SIZE);
		assert_int_equal(edge.count, __builtin_popcountll((uint64_t)n));
		if (n == MOST)
			break;
		tree_edge_add(&edge, w->leaves[n]);
		tree_root((const hash_t *)w->leaves, (size_t)n + 1, root);
		assert_memory_equal(root, w->roots[n + 1], SHA256_SIZE);
	}
}

/* --- proofs -------------------------------------------------------------------------------------- */

static size_t proof_of(struct world *w, const struct tree_range *ranges, size_t count, hash_t *out)
{
	for (size_t i = 0; i < count; i++)
		tree_root((const hash_t *)w->leaves + ranges[i].from, (size_t)(ranges[i].to - ranges[i].from), out[i]);
	return count;
}

static void assert_inclusion(struct world *w, int64_t m, int64_t n, bool deep)
{
	struct tree_range ranges[TREE_PROOF_MAX];
	hash_t path[TREE_PROOF_MAX], expected[TREE_PROOF_MAX];
	size_t count = proof_of(w, ranges, tree_inclusion_ranges(m, n, ranges), path);
	const hash_t *p = (const hash_t *)path;
	assert_true(tree_inclusion_holds(w->leaves[m], m, n, p, count, w->roots[n]));
	if (!deep)
		return;
	assert_int_equal(count, oracle_path(m, w->leaves, n, expected));
	assert_memory_equal(path, expected, count * SHA256_SIZE);
	assert_false(tree_inclusion_holds(w->leaves[m], m, n, p, count + 1, w->roots[n]));
	assert_false(tree_inclusion_holds(w->leaves[(m + 1) % MOST], m, n, p, count, w->roots[n]));
	assert_false(tree_inclusion_holds(w->leaves[m], m, n, p, count, w->roots[n - 1]));
	assert_false(tree_inclusion_holds(w->leaves[m], n, n, p, count, w->roots[n]));
	assert_false(tree_inclusion_holds(w->leaves[m], -1, n, p, count, w->roots[n]));
	if (n > 1)
		assert_false(tree_inclusion_holds(w->leaves[m], (m + 1) % n, n, p, count, w->roots[n]));
	if (count == 0)
		return;
	assert_false(tree_inclusion_holds(w->leaves[m], m, n, p, count - 1, w->roots[n]));
	path[(size_t)m % count][m % SHA256_SIZE] ^= 1;
	assert_false(tree_inclusion_holds(w->leaves[m], m, n, p, count, w->roots[n]));
}

static void test_inclusion(void **state)
{
	for (int64_t n = 1; n <= MOST; n++)
		for (int64_t m = 0; m < n; m++)
			assert_inclusion(*state, m, n, n <= 40 || m % 37 == 0 || m == n - 1);
}

static void assert_consistency(struct world *w, int64_t m, int64_t n, bool deep)
{
	struct tree_range ranges[TREE_PROOF_MAX];
	hash_t path[TREE_PROOF_MAX] = { 0 }, expected[TREE_PROOF_MAX];
	size_t count = proof_of(w, ranges, tree_consistency_ranges(m, n, ranges), path);
	const hash_t *p = (const hash_t *)path;
	assert_true(tree_consistency_holds(m, w->roots[m], n, w->roots[n], p, count));
	if (!deep)
		return;
	if (m > 0) {
		assert_int_equal(count, oracle_proof(m, w->leaves, n, true, expected));
		assert_memory_equal(path, expected, count * SHA256_SIZE);
	}
	assert_false(tree_consistency_holds(m, w->roots[m], n, w->roots[n], p, count + 1));
	if (m > 0)
		assert_false(tree_consistency_holds(m, w->roots[m - 1], n, w->roots[n], p, count));
	assert_false(tree_consistency_holds(m, w->roots[(m + 1) % MOST], n, w->roots[n], p, count));
	if (m > 0 && m < n) {
		assert_false(tree_consistency_holds(m, w->roots[m], n, w->roots[n - 1], p, count));
		assert_false(tree_consistency_holds(n, w->roots[n], m, w->roots[m], p, count));
		assert_false(tree_consistency_holds(m, w->roots[m], n, w->roots[n], p, count - 1));
		path[(size_t)m % count][m % SHA256_SIZE] ^= 0x80;
		assert_false(tree_consistency_holds(m, w->roots[m], n, w->roots[n], p, count));
	}
	assert_false(tree_consistency_holds(-1, w->roots[m], n, w->roots[n], p, count));
}

static void test_consistency(void **state)
{
	for (int64_t n = 0; n <= MOST; n++)
		for (int64_t m = 0; m <= n; m++)
			assert_consistency(*state, m, n, n <= 40 || m % 41 == 0 || n - m < 2);
}

/* Sizes near the end of what 63 bits hold must not loop or overflow. */
static void test_huge_sizes(void **state)
{
	struct tree_range ranges[TREE_PROOF_MAX];
	size_t count = tree_inclusion_ranges(INT64_MAX - 1, INT64_MAX, ranges);
	assert_true(count > 0 && count < TREE_PROOF_MAX);
	assert_int_equal(tree_inclusion_ranges(0, INT64_MAX, ranges), 63);
	count = tree_consistency_ranges(INT64_MAX - 1, INT64_MAX, ranges);
	assert_true(count > 0 && count <= TREE_PROOF_MAX);
	struct world *w = *state;
	assert_false(tree_inclusion_holds(w->leaves[0], 0, INT64_MAX, (const hash_t *)w->leaves, 63, w->roots[1]));
	assert_false(tree_inclusion_holds(w->leaves[0], INT64_MAX, INT64_MAX, (const hash_t *)w->leaves, 63, w->roots[1]));
	assert_false(tree_consistency_holds(1, w->roots[1], INT64_MAX, w->roots[2], (const hash_t *)w->leaves, 63));
}

/* --- names of tiles ------------------------------------------------------------------------------ */

static void test_names(void **state)
{
	static const struct {
		const char *path;
		int level;
		int64_t index;
		unsigned width;
	} rows[] = {
		{ "tile/0/000", 0, 0, 256 },
		{ "tile/0/000.p/1", 0, 0, 1 },
		{ "tile/3/x001/x234/067.p/12", 3, 1234067, 12 },
		{ "tile/63/999", 63, 999, 256 },
		{ "tile/1/x001/000", 1, 1000, 256 },
		{ "tile/entries/x123/x456/789", -1, 123456789, 256 },
		{ "tile/entries/000.p/255", -1, 0, 255 },
		{ "tile/0/x009/x223/x372/x036/x854/x775/807", 0, INT64_MAX, 256 },
		{ "tile/0/x009/x223/x372/x036/x854/x775/807.p/255", 0, INT64_MAX, 255 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tile_name t;
		char text[128];
		assert_true(tile_name_parse(str_of(rows[i].path), &t));
		assert_int_equal(t.level, rows[i].level);
		assert_int_equal(t.index, rows[i].index);
		assert_int_equal(t.width, rows[i].width);
		assert_int_equal(tile_name_format(&t, text), strlen(rows[i].path));
		assert_string_equal(text, rows[i].path);
	}
}

static void test_hostile_names(void **state)
{
	static const char *const rows[] = {
		"", "/", "tile", "tile/", "tile//000", "tile/0", "tile/0/", "tile/0//000", "/tile/0/000", "tile/0/000/",
		"tile/64/000", "tile/-1/000", "tile/00/000", "tile/01/000", "tile/+1/000", "tile/1000/000", "tile/x/000",
		"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/000", "tile/0/x000/x001/000", "tile/0/001/000",
		"tile/0/x001", "tile/0/x001/", "tile/0/x01/000", "tile/0/x0001/000", "tile/0/X001/000", "tile/0/a01",
		"tile/0/-01", "tile/0/ 01", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256",
		"tile/0/000.p/01", "tile/0/000.p/-1", "tile/0/000.p/1/", "tile/0/000.p/1/2", "tile/0/000.p/1000",
		"tile/0/000.q/1", "tile/0/x001.p/1", "tile/0/x001.p/000", "tile/0/.p/1", "tile/0/000.p.p/1",
		"tile/0/../000", "tile/0/%2e%2e/000", "tile/data/000", "tile/entriesx/000", "tile/8/0/000",
		"tile/0/x009/x223/x372/x036/x854/x775/808", "tile/0/x010/x000/x000/x000/x000/x000/000",
		"tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999", "checkpoint", "tile/0/000\n", "tile/0/0\xff\xff",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tile_name t;
		if (tile_name_parse(str_of(rows[i]), &t))
			fail_msg("\"%s\" was read as a tile", rows[i]);
	}
	struct tile_name t;
	assert_false(tile_name_parse((struct str){ "tile/0/00\0", 10 }, &t));
	assert_false(tile_name_parse((struct str){ NULL, 0 }, &t));
}

static void test_widths(void **state)
{
	/* the example of tlog-tiles: 70,000 entries */
	assert_int_equal(tile_width(0, 272, 70000), 256);
	assert_int_equal(tile_width(0, 273, 70000), 112);
	assert_int_equal(tile_width(-1, 273, 70000), 112);
	assert_int_equal(tile_width(0, 274, 70000), 0);
	assert_int_equal(tile_width(1, 0, 70000), 256);
	assert_int_equal(tile_width(1, 1, 70000), 17);
	assert_int_equal(tile_width(2, 0, 70000), 1);
	assert_int_equal(tile_width(3, 0, 70000), 0);
	assert_int_equal(tile_width(1, 0, 256), 1);
	assert_int_equal(tile_width(1, 0, 255), 0);
	assert_int_equal(tile_width(0, 0, 0), 0);
	assert_int_equal(tile_width(63, 0, INT64_MAX), 0);
	assert_int_equal(tile_width(7, 0, INT64_MAX), 127);
	assert_int_equal(tile_width(0, INT64_MAX, INT64_MAX), 0);
	assert_int_equal(tile_width(0, -1, 100), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_tree), cmocka_unit_test(test_edge_against_oracle),
		cmocka_unit_test(test_inclusion),  cmocka_unit_test(test_consistency),
		cmocka_unit_test(test_huge_sizes), cmocka_unit_test(test_names),
		cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_widths),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
