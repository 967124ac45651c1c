/* Capture–recapture. Neighbours: capture.h names the papers; test_capture.c has their worked examples. */
#include "capture.h"
#include <math.h>
#include <string.h>

#define Z95 1.959963984540054
#define COLUMNS_MOST (1 + CAPTURE_SOURCES + CAPTURE_SOURCES * (CAPTURE_SOURCES - 1) / 2)

bool capture_chapman(int64_t n1, int64_t n2, int64_t both, struct estimate *ret)
{
	if (both < 0 || n1 < both || n2 < both)
		return false;
	double a = (double)n1, b = (double)n2, m = (double)both;
	double total = (a + 1) * (b + 1) / (m + 1) - 1;
	double variance = (a + 1) * (b + 1) * (a - m) * (b - m) / ((m + 1) * (m + 1) * (m + 2));
	/* of those seen by neither: n1 + n2 − both − ½ + (only one)(only other)/(both) · e^{±zσ}, with ½ added to each cell */
	double x = a - m + 0.5, y = b - m + 0.5, z = m + 0.5;
	double spread = sqrt(1 / z + 1 / x + 1 / y + z / (x * y));
	double base = a + b - m - 0.5, unseen = x * y / z;
	*ret = (struct estimate){ .total = total, .error = sqrt(variance), .low = base + unseen * exp(-Z95 * spread), .high = base + unseen * exp(Z95 * spread) };
	return true;
}

/* Seen for certain, and a log-normal for the rest (Chao 1987). */
static void interval(struct estimate *e, double seen)
{
	double unseen = e->total - seen;
	if (unseen <= 0) {
		e->low = e->high = e->total;
		return;
	}
	double c = exp(Z95 * sqrt(log(1 + e->error * e->error / (unseen * unseen))));
	e->low = seen + unseen / c;
	e->high = seen + unseen * c;
}

bool capture_chao(size_t sources, int64_t seen, int64_t once, int64_t twice, struct estimate *ret)
{
	if (sources < 2 || once < 0 || twice < 0 || seen < once + twice)
		return false;
	double s = (double)seen, f1 = (double)once, f2 = (double)twice, k = ((double)sources - 1) / (double)sources;
	*ret = (struct estimate){ .total = s + k * f1 * (f1 - 1) / (2 * (f2 + 1)) };
	double variance = k * f1 * (f1 - 1) / (2 * (f2 + 1)) + k * k * f1 * (2 * f1 - 1) * (2 * f1 - 1) / (4 * (f2 + 1) * (f2 + 1)) +
			  k * k * f1 * f1 * f2 * (f1 - 1) * (f1 - 1) / (4 * pow(f2 + 1, 4));
	ret->error = sqrt(variance);
	interval(ret, s);
	return true;
}

/* --- log-linear models ------------------------------------------------------------------------------ */

struct model {
	size_t sources, columns, cells; /* cells: patterns 1 … cells */
	unsigned sets[COLUMNS_MOST];    /* a column is 1 where the pattern has all bits of its set; the first set is empty */
};

static void model_make(struct model *m, size_t sources, uint64_t pairs)
{
	size_t bit = 0;
	*m = (struct model){ .sources = sources, .cells = ((size_t)1 << sources) - 1, .columns = 1 };
	for (size_t i = 0; i < sources; i++)
		m->sets[m->columns++] = 1u << i;
	for (size_t j = 1; j < sources; j++)
		for (size_t i = 0; i < j; i++, bit++)
			if (pairs >> bit & 1)
				m->sets[m->columns++] = 1u << i | 1u << j;
}

static double column(const struct model *m, size_t c, size_t pattern)
{
	return (pattern & m->sets[c]) == m->sets[c];
}

/* Solves a · x = b in place for a symmetric positive matrix (Cholesky); false when it is singular. */
static bool solve(double a[COLUMNS_MOST][COLUMNS_MOST], double *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++) {
			double sum = a[i][j];
			for (size_t k = 0; k < j; k++)
				sum -= a[i][k] * a[j][k];
			if (i == j && !(sum > 1e-10))
				return false;
			a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
		}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			b[i] -= a[i][k] * b[k];
		b[i] /= a[i][i];
	}
	for (size_t i = n; i-- > 0;) {
		for (size_t k = i + 1; k < n; k++)
			b[i] -= a[k][i] * b[k];
		b[i] /= a[i][i];
	}
	return true;
}

static double linear(const struct model *m, const double *beta, size_t pattern)
{
	double eta = 0;
	for (size_t c = 0; c < m->columns; c++)
		eta += beta[c] * column(m, c, pattern);
	return eta > 40 ? 40 : eta < -40 ? -40 : eta;
}

/* XᵀWX of the Poisson model, and Xᵀ(y − μ). */
static void normal_equations(const struct model *m, const int64_t *cells, const double *beta, double a[COLUMNS_MOST][COLUMNS_MOST], double *gradient)
{
	memset(a, 0, sizeof(double[COLUMNS_MOST][COLUMNS_MOST]));
	memset(gradient, 0, sizeof(double[COLUMNS_MOST]));
	for (size_t p = 1; p <= m->cells; p++) {
		double mu = exp(linear(m, beta, p));
		for (size_t i = 0; i < m->columns; i++) {
			if (column(m, i, p) == 0)
				continue;
			gradient[i] += (double)cells[p] - mu;
			for (size_t j = 0; j <= i; j++)
				a[i][j] += mu * column(m, j, p);
		}
	}
}

static double log_likelihood(const struct model *m, const int64_t *cells, const double *beta)
{
	double sum = 0;
	for (size_t p = 1; p <= m->cells; p++)
		sum += (double)cells[p] * linear(m, beta, p) - exp(linear(m, beta, p)) - lgamma((double)cells[p] + 1);
	return sum;
}

/* Newton's steps, halved while they make it worse. */
static bool fit(const struct model *m, const int64_t *cells, double *beta, double *ret_likelihood)
{
	double a[COLUMNS_MOST][COLUMNS_MOST], step[COLUMNS_MOST], next[COLUMNS_MOST], likelihood = log_likelihood(m, cells, beta);
	for (int round = 0; round < 200; round++) {
		double size = 1, largest = 0, better = likelihood;
		normal_equations(m, cells, beta, a, step);
		if (!solve(a, step, m->columns))
			return false;
		for (int half = 0; half < 30; half++, size /= 2) {
			for (size_t c = 0; c < m->columns; c++)
				next[c] = beta[c] + size * step[c];
			better = log_likelihood(m, cells, next);
			if (better >= likelihood - 1e-12)
				break;
		}
		for (size_t c = 0; c < m->columns; c++) {
			largest = fmax(largest, fabs(next[c] - beta[c]));
			beta[c] = next[c];
		}
		likelihood = better;
		if (largest < 1e-9) {
			*ret_likelihood = likelihood;
			return true;
		}
	}
	return false;
}

/* A pair of sources that never overlap, or always do, leaves nothing to estimate its dependence from. */
static bool estimable(const struct model *m, const int64_t *cells)
{
	for (size_t c = 1; c < m->columns; c++) {
		int64_t with = 0, without = 0;
		for (size_t p = 1; p <= m->cells; p++)
			*(column(m, c, p) != 0 ? &with : &without) += cells[p];
		if (!with || !without)
			return false;
	}
	return m->columns <= m->cells;
}

bool capture_loglinear(const int64_t *cells, size_t sources, uint64_t pairs, struct estimate *ret, double *ret_aic)
{
	struct model m;
	double beta[COLUMNS_MOST] = { 0 }, a[COLUMNS_MOST][COLUMNS_MOST], unit[COLUMNS_MOST] = { 1 }, likelihood, seen = 0;
	if (sources < 2 || sources > CAPTURE_SOURCES)
		return false;
	model_make(&m, sources, pairs);
	for (size_t p = 1; p <= m.cells; p++) {
		if (cells[p] < 0)
			return false;
		seen += (double)cells[p];
	}
	if (!estimable(&m, cells))
		return false;
	beta[0] = log(seen / (double)m.cells);
	if (!fit(&m, cells, beta, &likelihood))
		return false;
	double ignored[COLUMNS_MOST];
	normal_equations(&m, cells, beta, a, ignored);
	if (!solve(a, unit, m.columns)) /* the first column of the inverse: unit[0] is the variance of the intercept */
		return false;
	double unseen = exp(beta[0]);
	if (!(unseen < 1e12))
		return false;
	*ret = (struct estimate){ .total = seen + unseen, .error = sqrt(unseen + unseen * unseen * unit[0]) };
	interval(ret, seen);
	*ret_aic = 2 * (double)m.columns - 2 * likelihood;
	return true;
}

bool capture_best(const int64_t *cells, size_t sources, struct estimate *ret, uint64_t *ret_pairs)
{
	size_t count = sources * (sources - 1) / 2;
	uint64_t pairs = 0;
	double best;
	if (!capture_loglinear(cells, sources, 0, ret, &best))
		return false;
	for (bool better = true; better;) {
		uint64_t base = pairs;
		better = false;
		for (size_t i = 0; i < count; i++) {
			struct estimate e;
			double aic;
			if (base >> i & 1 || !capture_loglinear(cells, sources, base | UINT64_C(1) << i, &e, &aic) || aic >= best - 1e-9)
				continue;
			*ret = e;
			best = aic;
			pairs = base | UINT64_C(1) << i;
			better = true;
		}
	}
	*ret_pairs = pairs;
	return true;
}
