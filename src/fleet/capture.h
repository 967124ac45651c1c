/* How many there are that nobody has seen, from how the lists of several sources overlap (capture–recapture). Pure arithmetic on counts.
 * Neighbours: completeness.c counts, the guide says what the assumptions are. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURE_SOURCES 8

struct estimate {
	double total;     /* those seen and those not */
	double low, high; /* 95 % */
	double error;     /* standard error of total */
};

/* Two sources: n1 and n2 seen by each, `both` by both. Chapman's estimator (Chapman 1951; Seber 1970 for its variance). The interval is
 * Sadinle's transformed logit (Sadinle 2009), which keeps its promise for small numbers too. False when a count makes no sense. */
bool capture_chapman(int64_t n1, int64_t n2, int64_t both, struct estimate *ret);

/* Chao's lower bound for so many sources (Chao 1987, bias-corrected): `seen` in all, once by exactly one source, twice by exactly two.
 * Holds also when some are harder to see than others for every source. It is no bound when the sources themselves differ much in how much they
 * see: one that sees nearly everything beside some that see little makes many seen once and few twice, and the result far too large. */
bool capture_chao(size_t sources, int64_t seen, int64_t once, int64_t twice, struct estimate *ret);

/* A log-linear model (Fienberg 1972): cells[pattern] is how many were seen by exactly the sources of the pattern's bits; cells[0] is what
 * is asked for and is not read. pairs: a bit for each pair of sources, (0,1), (0,2), (1,2), (0,3) …, that may depend on each other.
 * *ret_aic tells models apart: less is better. False when the model cannot be estimated from these counts. */
bool capture_loglinear(const int64_t *cells, size_t sources, uint64_t pairs, struct estimate *ret, double *ret_aic);
/* The model with the least AIC, found by adding one pair at a time; sources 3 to CAPTURE_SOURCES. */
bool capture_best(const int64_t *cells, size_t sources, struct estimate *ret, uint64_t *ret_pairs);
