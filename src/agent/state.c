/* What changes by the minute: how long the machine is up and how busy it is. Neighbours: host.h. */
#include "base/clock.h"
#include "host.h"
#include "parse/parse.h"

/* "0.52 0.58 0.59 1/467 12345": three loads, told in hundredths so that nothing is rounded on the way. */
static void write_load(struct host *h, struct json_writer *w)
{
	struct str rest = host_text(h, "/proc/loadavg"), part;
	if (!rest.len)
		return;
	json_name(w, STR("load"));
	json_list(w);
	for (int i = 0; i < 3 && str_cut(&rest, ' ', &part); i++) {
		struct str whole = STR_NONE;
		int64_t units = 0, hundredths = 0;
		if (str_cut(&part, '.', &whole) && str_int(whole, &units) && units >= 0 && units < 1000000)
			str_int(part, &hundredths);
		json_put_real(w, (double)(units * 100 + hundredths) / 100);
	}
	json_list_end(w);
}

/* Share of its first capacity a battery still has, of the worst one. */
static void write_battery(struct host *h, struct json_writer *w)
{
	struct host_names names = host_list(h, "/sys/class/power_supply");
	int64_t worst = -1;
	for (size_t i = 0; i < names.count; i++) {
		static const char *const units[] = { "energy", "charge" };
		for (size_t u = 0; str_starts(names.items[i], STR("BAT")) && u < 2; u++) {
			int64_t full = host_int(h, "/sys/class/power_supply/%.*s/%s_full", STR_ARG(names.items[i]), units[u]);
			int64_t design = host_int(h, "/sys/class/power_supply/%.*s/%s_full_design", STR_ARG(names.items[i]), units[u]);
			int64_t health = full >= 0 && design > 0 && full < INT64_MAX / 100 ? full * 100 / design : -1;
			health = health > 100 ? 100 : health;
			if (health >= 0 && (worst < 0 || health < worst))
				worst = health;
		}
	}
	put_int(w, "battery_health", worst);
}

bool write_state(struct host *h, struct json_writer *w, uint8_t digest[32], bool *ret_has_digest)
{
	struct str uptime = host_text(h, "/proc/uptime"), seconds = STR_NONE;
	struct meminfo m;
	int64_t up = -1;
	meminfo_parse(host_file(h, "/proc/meminfo"), &m);
	if (!str_cut(&uptime, '.', &seconds) || !str_int(seconds, &up) || up < 0 || up > h->now / SECOND)
		up = -1;
	json_object(w);
	put_int(w, "uptime", up);
	if (up >= 0) /* to the minute: the two clocks drift, and a start has one time */
		put_time(w, "booted", (h->now / SECOND - up + 30) / 60 * 60 * SECOND);
	write_load(h, w);
	put_int(w, "memory_available", m.available);
	put_int(w, "swap_free", m.swap_free);
	put_true(w, "restart_required", host_has(h, "/run/reboot-required") || host_has(h, "/var/run/reboot-required"));
	write_battery(h, w);
	json_object_end(w);
	return true;
}
