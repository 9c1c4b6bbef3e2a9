/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl map": maps ports and keeps them mapped, or leaves them to expire with their lease. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "exit-code.h"
#include "host-options.h"
#include "live-line.h"
#include "mapping-report.h"
#include "mapping-set.h"
#include "output.h"
#include "state-directory.h"
#include "verification.h"
#include "verified.h"

#include <glib/gi18n-lib.h>

#define LIFETIME_MIN 1
#define LIFETIME_MAX 604800 /* a week, the longest that PlumManager:lease-duration accepts */
#define LIFETIME_DEFAULT 7200

static struct
{
  gboolean once;
  gboolean keep_trying;
  gboolean exact;
  gint64 lifetime;
  char *description;
  char *family;
  char *local_address;
} map_options = { .lifetime = LIFETIME_DEFAULT };

static const GOptionEntry map_entries[] = {
  { "once", '1', 0, G_OPTION_ARG_NONE, &map_options.once,
    N_ ("Exit when all ports are mapped; the mappings expire with their lease"), NULL },
  { "keep-trying", 'k', 0, G_OPTION_ARG_NONE, &map_options.keep_trying,
    N_ ("Do not exit if the first attempt fails"), NULL },
  { "exact", 'e', 0, G_OPTION_ARG_NONE, &map_options.exact,
    N_ ("Fail if the requested external port is not available"), NULL },
  { "lifetime", 'l', 0, G_OPTION_ARG_INT64, &map_options.lifetime,
    N_ ("Lease duration to request (default: 7200)"), N_ ("SECONDS") },
  { "description", 'd', 0, G_OPTION_ARG_STRING, &map_options.description,
    N_ ("The name shown in the router's mapping table"), N_ ("TEXT") },
  { "family", 0, 0, G_OPTION_ARG_STRING, &map_options.family,
    N_ ("IPv4 (the default), a pinhole in the IPv6 firewall, or both"), "4|6|both" },
  { "local-address", 0, 0, G_OPTION_ARG_STRING, &map_options.local_address,
    N_ ("The address of this computer that is to be reached"), N_ ("ADDRESS") },
  HOST_OPTION_FROM,
  HOST_OPTION_FOR (N_ ("Map the ports to this host of the local network")),
  COMMON_OPTION_STUN,
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_MAX_HOPS,
  COMMON_OPTION_TIMEOUT,
  COMMON_OPTION_JSON,
  COMMON_OPTION_QUIET,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

/* The failure of the first attempt is an error of the command. */
static void
on_changed (MappingSet *set, PlumMapping *mapping)
{
  gboolean failed = plum_mapping_get_state (mapping) == PLUM_STATE_FAILURE;

  mapping_report_print (mapping, failed && !set->keep_trying && !set->decided);
}

/* The lifetime of a mapping is the shortest one of its routers. */
static gboolean
has_permanent_lease (PlumMapping *mapping)
{
  GListModel *hops = plum_mapping_get_hops (mapping);

  for (guint i = 0; i < g_list_model_get_n_items (hops); i++)
    {
      g_autoptr (PlumHop) hop = g_list_model_get_item (hops, i);

      if (plum_hop_get_lifetime (hop) == PLUM_LIFETIME_FOREVER)
        return TRUE;
    }

  return plum_mapping_get_lifetime (mapping) == PLUM_LIFETIME_FOREVER;
}

/* A permanent lease outlives this process and this computer. */
static void
warn_of_permanent (PlumMapping *mapping)
{
  g_autofree char *name = NULL;

  if (!has_permanent_lease (mapping))
    return;

  name = describe_mapping_name (mapping);
  if (plum_mapping_get_internal_address (mapping) != NULL)
    output_error (_ ("%s does not expire: the router granted a permanent lease. Remove it in the "
                     "router's settings"),
                  name);
  else
    output_error (_ ("%s does not expire: the router granted a permanent lease. Run “plumctl unmap "
                     "%s:%u” to remove it"),
                  name, describe_protocol (plum_mapping_get_protocol (mapping)),
                  plum_mapping_get_internal_port (mapping));
}

static void
finish_once (MappingSet *set)
{
  if (!map_options.once || set->session->closing)
    return;

  g_ptr_array_foreach (set->mappings, (GFunc) (void (*) (void)) warn_of_permanent, NULL);
  session_quit (set->session, PLUMCTL_OK);
}

static void
on_verified (Verification *map_verification, PlumMapping *mapping)
{
  g_autofree char *name = describe_mapping_name (mapping);
  g_autofree char *text = verified_describe (mapping);

  if (common_options.json)
    on_changed (map_verification->set, mapping);
  else
    output_line (verified_get (mapping) == STUN_NO ? OUTPUT_BAD : OUTPUT_PLAIN, "%s: %s", name,
                 text);
}

static void
on_all_verified (Verification *map_verification)
{
  finish_once (map_verification->set);
}

static Verification map_verification = { .verified = on_verified, .done = on_all_verified };

static void
on_up (MappingSet *set)
{
  map_verification.set = set;
  if (common_options.stun != NULL)
    verification_start (&map_verification);
  else
    finish_once (set);
}

static gboolean
check_options (void)
{
  /* 0 is invalid: it could mean the default, a permanent lease (UPnP) or a deletion (PCP). */
  if (map_options.lifetime < LIFETIME_MIN || map_options.lifetime > LIFETIME_MAX)
    {
      g_autofree char *given = g_strdup_printf ("%" G_GINT64_FORMAT, map_options.lifetime);

      output_error (_ ("--lifetime: “%s” is out of range, must be %u to %u seconds"), given,
                    LIFETIME_MIN, LIFETIME_MAX);
      return FALSE;
    }

  if (map_options.family != NULL && !g_str_equal (map_options.family, "4") &&
      !g_str_equal (map_options.family, "6") && !g_str_equal (map_options.family, "both"))
    {
      output_error (_ ("--family: “%s” is invalid, must be 4, 6 or both"), map_options.family);
      return FALSE;
    }

  return TRUE;
}

static int
hold (Session *session, MappingSet *set)
{
  LiveLine live = { 0 };
  int exit_code = PLUMCTL_FAILED;

  plum_manager_set_lease_duration (session->manager, (guint) map_options.lifetime);
  if (!mapping_set_start (set, &exit_code))
    return exit_code;

  if (!common_options.json)
    live_line_start (&live, set);
  exit_code = session_run (session);
  live_line_clear (&live);
  return exit_code;
}

static int
run_map (char **arguments, char **tail)
{
  Session session = { .interrupt_code = PLUMCTL_OK };
  MappingSet set = { .session = &session, .changed = on_changed, .up = on_up };
  int exit_code = PLUMCTL_USAGE;

  set.exact = map_options.exact;
  set.has_family = TRUE;
  set.no_ipv4 = g_strcmp0 (map_options.family, "6") == 0;
  set.ipv6 = set.no_ipv4 || g_strcmp0 (map_options.family, "both") == 0;
  if (check_options () &&
      mapping_set_use_local_address (&set, map_options.local_address, map_options.family) &&
      mapping_set_parse_hosts (&set,
                               map_options.family != NULL || map_options.local_address != NULL) &&
      mapping_set_parse (&set, arguments, map_options.description) && verification_check (&set))
    {
      set.keep_trying = map_options.keep_trying;
      if (map_options.once)
        session.interrupt_code = PLUMCTL_FAILED;

      if (session_init (&session))
        {
          session_close_with_reader (&session);
          if (!map_options.once)
            state_directory_use (session.manager);
          exit_code = hold (&session, &set);
        }
      else
        {
          exit_code = session.exit_code;
        }
    }

  verification_clear (&map_verification);
  mapping_set_clear (&set);
  session_clear (&session);
  return exit_code;
}

const PlumctlCommand plumctl_command_map = {
  .name = "map",
  .arguments = N_ ("SPEC…"),
  .summary = N_ ("Map ports until Ctrl-C is pressed"),
  .details = N_ (
    "A SPEC is a protocol, a port of this computer and, optionally, an external port:\n"
    "  tcp:8080              TCP port 8080; the same external port if it is available\n"
    "  udp:5000:6000         UDP port 5000, external port 6000\n"
    "  tcp:8000-8010         11 ports\n"
    "  tcp:8000-8010:9000    11 ports, with external ports from 9000 up\n"
    "\n"
    "--from restricts the mapping to a remote host, or with PCP to a network or to several of\n"
    "both, if it is repeated. It fails if no protocol of the router can restrict it. --for maps\n"
    "the ports to another host of the local network; many routers refuse that.\n"
    "\n"
    "Examples:\n"
    "  plumctl map tcp:8080\n"
    "  plumctl map --once --json udp:5000:6000\n"
    "  plumctl map --family both tcp:8080\n"
    "  plumctl map --exact tcp:8443:443\n"
    "  plumctl map --stun stun.example.org udp:5000\n"
    "  plumctl map --from 203.0.113.7 tcp:22\n"
    "  plumctl map --for 192.168.1.50 tcp:9100\n"
    "  plumctl map --gateway 10.2.0.1 --backend natpmp tcp:4242 udp:4242\n"
    "\n"
    "Exit status: 0 success, 1 a mapping failed, 2 usage error, 3 no router answered."),
  .options = map_entries,
  .run = run_map,
};
