/* Estimates against worked examples from the literature, and against populations whose size is known because they were made up.
 * Neighbours: capture.h names the papers. */
#include "capture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define NEAR(got, want, by) assert_true(fabs((got) - (want)) <= (by))

/* Ten turtles marked, fifteen caught later, five of them marked: 28 with Chapman, 22 to 65 with Sadinle's interval. */
static void turtles(void **state)
{
	struct estimate e;
	assert_true(capture_chapman(10, 15, 5, &e));
	NEAR(floor(e.total), 28, 0);
	NEAR(round(e.low), 22, 0);
	NEAR(round(e.high), 65, 0);
	assert_false(capture_chapman(10, 15, 11, &e));
	assert_false(capture_chapman(10, 15, -1, &e));
	assert_true(capture_chapman(0, 0, 0, &e));
	NEAR(e.total, 0, 0);
}

/* Hepatitis A in a college in Taiwan, 1995 (Chao, Tsay, Lin, Shau, Chao 2001): 271 cases on three lists P, Q, E. */
static const int64_t hepatitis[8] = { 0, 69, 55, 21, 63, 17, 18, 28 };

static void three_lists(void **state)
{
	struct estimate e;
	double aic;
	uint64_t pairs;
	assert_true(capture_loglinear(hepatitis, 3, 0, &e, &aic));
	NEAR(e.total, 388, 1); /* independent lists */
	assert_true(capture_loglinear(hepatitis, 3, 7, &e, &aic));
	NEAR(e.total, 1312, 1.5); /* every pair may depend: standard error 520 */
	NEAR(e.error, 520, 5);
	/* with every pair the estimate is known in closed form (Fienberg 1972) */
	NEAR(e.total - 271, 28.0 * 69 * 55 * 63 / (21.0 * 17 * 18), 1e-6);
	assert_true(capture_best(hepatitis, 3, &e, &pairs));
	assert_int_equal(pairs, 7);
}

/* With two lists the log-linear model of independence is Lincoln and Petersen's n1·n2/m. */
static void two_lists(void **state)
{
	const int64_t cells[4] = { 0, 40, 60, 20 };
	struct estimate e;
	double aic;
	assert_true(capture_loglinear(cells, 2, 0, &e, &aic));
	NEAR(e.total, 60.0 * 80 / 20, 1e-6);
	assert_false(capture_loglinear(cells, 2, 1, &e, &aic)); /* more to estimate than there are counts */
}

static void nothing_to_go_by(void **state)
{
	const int64_t apart[8] = { 0, 5, 7, 0, 9, 0, 0, 0 }, none[8] = { 0 }, negative[8] = { 0, -1, 2, 3, 4, 5, 6, 7 };
	struct estimate e;
	double aic;
	uint64_t pairs;
	assert_false(capture_loglinear(none, 3, 0, &e, &aic));
	assert_false(capture_loglinear(negative, 3, 0, &e, &aic));
	assert_false(capture_loglinear(apart, 3, 1, &e, &aic));
	assert_false(capture_best(none, 3, &e, &pairs));
	assert_false(capture_chao(3, 3, 4, 0, &e));
	assert_true(capture_chao(3, 10, 0, 0, &e));
	NEAR(e.total, 10, 0);
	NEAR(e.low, 10, 0);
}

/* Chao's bound from the formula by hand: S + (t−1)/t · f1(f1−1)/(2(f2+1)) = 68 + 5/6 · 25·24/(2·23), the frequencies of the snowshoe hares. */
static void chao(void **state)
{
	struct estimate e;
	assert_true(capture_chao(6, 68, 25, 22, &e));
	NEAR(e.total, 68 + 5.0 / 6 * 600 / 46, 1e-9);
	assert_true(e.low > 68 && e.low < e.total && e.high > e.total);
}

static uint64_t dice;

static double toss(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (double)(dice >> 11) / (double)(UINT64_C(1) << 53);
}

/* Of 400 made-up estates of 1,000 devices the interval must hold the truth in about 95 of 100. */
static void coverage(void **state)
{
	static const double chance[4] = { 0.6, 0.5, 0.3, 0.4 };
	int chapman = 0, loglinear = 0;
	dice = 88172645463325252;
	for (int round = 0; round < 400; round++) {
		int64_t cells[16] = { 0 }, n1 = 0, n2 = 0, both = 0;
		struct estimate e;
		double aic;
		for (int device = 0; device < 1000; device++) {
			unsigned pattern = 0;
			for (unsigned s = 0; s < 4; s++)
				pattern |= (toss() < chance[s] ? 1u : 0) << s;
			cells[pattern]++;
			n1 += pattern & 1;
			n2 += pattern >> 1 & 1;
			both += (pattern & 3) == 3;
		}
		assert_true(capture_chapman(n1, n2, both, &e));
		chapman += e.low <= 1000 && 1000 <= e.high;
		assert_true(capture_loglinear(cells, 4, 0, &e, &aic));
		loglinear += e.low <= 1000 && 1000 <= e.high;
	}
	assert_in_range(chapman, 368, 396);
	assert_in_range(loglinear, 368, 396);
}

/* Half of the devices are hard to see for every source: the bound stays below the truth, and above what independence would say. */
static void hard_to_see(void **state)
{
	double bound = 0, independent = 0;
	dice = 362436069362436069;
	for (int round = 0; round < 200; round++) {
		int64_t cells[16] = { 0 }, once = 0, twice = 0;
		struct estimate e;
		double aic;
		for (int device = 0; device < 1000; device++) {
			unsigned pattern = 0;
			for (unsigned s = 0; s < 4; s++)
				pattern |= (toss() < (device % 2 ? 0.15 : 0.6) ? 1u : 0) << s;
			cells[pattern]++;
			once += __builtin_popcount(pattern) == 1;
			twice += __builtin_popcount(pattern) == 2;
		}
		assert_true(capture_chao(4, 1000 - cells[0], once, twice, &e));
		bound += e.total / 200;
		assert_true(capture_loglinear(cells, 4, 0, &e, &aic));
		independent += e.total / 200;
	}
	assert_true(bound < 1000);
	assert_true(bound > independent);
}

/* Independent sources that see 90 %, 10 % and 10 % of 1,000: what is expected to be seen once and twice makes twice the truth of it, while the
 * log-linear model finds it. capture.h and the answer's help say so. */
static void unequal_sources(void **state)
{
	static const int64_t cells[8] = { 0, 729, 9, 81, 9, 81, 1, 9 };
	struct estimate e;
	double aic;
	assert_true(capture_chao(3, 919, 747, 163, &e));
	assert_true(e.total > 2000 && e.low > 1000);
	assert_true(capture_loglinear(cells, 3, 0, &e, &aic));
	assert_true(e.low <= 1000 && 1000 <= e.high);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(turtles), cmocka_unit_test(three_lists), cmocka_unit_test(two_lists),
					    cmocka_unit_test(nothing_to_go_by), cmocka_unit_test(chao), cmocka_unit_test(coverage), cmocka_unit_test(hard_to_see),
					    cmocka_unit_test(unequal_sources) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
