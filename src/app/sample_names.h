/* Words for the sample organisation: made up, or common names of many regions. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sample_city {
	const char *name, *country;
	double longitude, latitude;
};
struct sample_class { /* a sort of device */
	const char *class, *product, *prefix, *system;
	int64_t price;
	bool computer, personal; /* has packages; is handed to a person */
};
extern const struct sample_city sample_cities[];
extern const struct sample_class sample_classes[];
extern const char *const sample_entities[], *const sample_units[], *const sample_given[], *const sample_family[], *const sample_jobs[],
	*const sample_makers[], *const sample_packages[], *const sample_entity_types[];
extern const size_t sample_cities_count, sample_classes_count, sample_entities_count, sample_units_count, sample_given_count,
	sample_family_count, sample_jobs_count, sample_makers_count, sample_packages_count;
