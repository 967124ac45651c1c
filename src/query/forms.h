/* Pieces of PostgreSQL's and SQLite's SQL that several forms share. Neighbours: forms.c, functions.c. */
#pragma once
#include "internal.h"

/* A numeric as bigint, or NULL past 18 digits: the argument stands once, and no cast can fail. */
#define CHECKED(numeric) "CAST(substring(CAST(" numeric " AS text) from '^-?[0-9]{1,18}$') AS bigint)"
/* Bytewise, as columns are. */
#define TEXT(x) "(" x " COLLATE \"C\")"
/* A count of characters, as the functions of texts take it. */
#define PG_SMALL(x) "CAST(substring(CAST(" x " AS text) from '^-?[0-9]{1,9}$') AS int)"
#define PG_SMALL_POSITIVE(x) "CAST(substring(CAST(" x " AS text) from '^[0-9]{1,9}$') AS int)"
/* The years 1 to 9999. */
#define IN_CALENDAR(x) "(CASE WHEN {1} BETWEEN -719162 AND 2932896 THEN " x " END)"
#define IN_CALENDAR_TIME(x) "(CASE WHEN {1} BETWEEN -62135596800000000 AND 253402300799999999 THEN " x " END)"
#define PG_DATE "DATE '1970-01-01' + CAST({1} AS int)"
/* Whole seconds, downwards also before 1970. */
#define SECONDS "(({1} + 86400000000000000) / 1000000 - 86400000000)"
