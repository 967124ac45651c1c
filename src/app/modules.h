/* The engines of this program; NULL-ended. */
#pragma once
#include "kernel/module.h"

extern const struct module *const app_modules[];
