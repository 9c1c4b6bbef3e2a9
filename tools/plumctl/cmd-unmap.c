/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl unmap": removes mappings of this computer. It never adds one: it deletes what the router
 * lists, what earlier runs have recorded, or what the router finds for a port. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "discovery.h"
#include "endpoint.h"
#include "exit-code.h"
#include "host-options.h"
#include "output.h"
#include "router-entry.h"
#include "state-directory.h"
#include "unmap-job.h"
#include "unmap-queue.h"
#include "unmap-records.h"

#include <glib/gi18n-lib.h>

static struct
{
  gboolean all_mine;
  char *family;
} unmap_options;

static const GOptionEntry unmap_entries[] = {
  { "all-mine", 'a', 0, G_OPTION_ARG_NONE, &unmap_options.all_mine,
    N_ ("Remove all mappings of this computer"), NULL },
  { "family", 0, 0, G_OPTION_ARG_STRING, &unmap_options.family,
    N_ ("IPv4, the IPv6 firewall, or both"), "4|6|both" },
  HOST_OPTION_FOR (N_ ("Remove mappings that plumctl has made for this host")),
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

/* The library deletes everything else that is recorded 30 s after it has found a router. */
#define LIMIT_MS_MAX 29000

/* The records are written within a fraction of a second. */
#define END_CHECK_MS 10
#define END_CHECKS 100

typedef struct
{
  Session session; /* first: a Session * is an Unmap * */
  Discovery discovery;
  gboolean ipv4;
  gboolean ipv6;
  GInetAddress *host; /* nullable: of --for */
  UnmapQueue queue;
  GError *list_error; /* why the router did not list its mappings */
  GCancellable *list_cancellable;
  guint list_deadline_id;
  guint deadline_id;
  guint end_id;
  guint n_end_checks;
  gboolean listing; /* the router has not answered yet */
} Unmap;

/* --- The end --- */

static gboolean
is_unsaved (Unmap *unmap)
{
  for (guint i = 0; i < unmap->queue.jobs->len; i++)
    if (unmap_records_has_removed (unmap->session.manager, unmap->queue.jobs->pdata[i]))
      return TRUE;

  return FALSE;
}

static gboolean
on_end_check (gpointer user_data)
{
  Unmap *unmap = user_data;

  if (++unmap->n_end_checks < END_CHECKS && is_unsaved (unmap))
    return G_SOURCE_CONTINUE;

  unmap->end_id = 0;
  session_quit (&unmap->session, unmap->session.exit_code);
  return G_SOURCE_REMOVE;
}

/* Ends the session. The manager is not closed: that would delete everything else that is recorded.
 */
static void
unmap_end (Unmap *unmap, int exit_code)
{
  if (unmap->session.closing)
    return;

  unmap->session.closing = TRUE;
  unmap_queue_stop (&unmap->queue);
  unmap->session.exit_code = exit_code;
  unmap->end_id = g_timeout_add (END_CHECK_MS, on_end_check, unmap);
}

static void
on_unmap_interrupted (Session *session, Interrupt interrupt)
{
  unmap_end ((Unmap *) session, session->interrupt_code);
}

static guint
get_limit_ms (void)
{
  return MIN (common_options_get_timeout_ms (), LIMIT_MS_MAX);
}

/* --- The report --- */

/* What “plumctl map --once” has left beyond the gateway is not recorded. */
static gboolean
may_be_left_beyond (const UnmapJob *job)
{
  return job->outcome == UNMAP_REMOVED && job->family == G_SOCKET_FAMILY_IPV4 &&
         !job->is_recorded && !job->asks_beyond;
}

static void
report_beyond (Unmap *unmap)
{
  g_autoptr (PlumGateway) gateway =
    g_list_model_get_item (plum_manager_get_gateways (unmap->session.manager), 0);
  GInetAddress *external = gateway != NULL ? plum_gateway_get_external_address (gateway) : NULL;

  if (external != NULL && plum_address_get_scope (external) != PLUM_ADDRESS_SCOPE_PUBLIC)
    output_hint (_ ("Nothing is recorded about these ports: if a router beyond the first one has "
                    "mapped them too, it keeps that until the lease expires."));
}

/* The worst outcome determines the exit status. */
static void
on_queue_done (UnmapQueue *queue, gpointer user_data)
{
  Unmap *unmap = user_data;
  UnmapOutcome worst = UNMAP_REMOVED;
  gboolean left_beyond = FALSE;

  for (guint i = 0; i < unmap->queue.jobs->len; i++)
    {
      const UnmapJob *job = unmap->queue.jobs->pdata[i];

      if (job->hidden)
        continue;
      worst = MAX (worst, job->outcome);
      left_beyond = left_beyond || may_be_left_beyond (job);
    }
  if (left_beyond && !common_options.quiet)
    report_beyond (unmap);

  if (unmap->queue.jobs->len == 0 && !common_options.json)
    output_line (OUTPUT_PLAIN, "%s", _ ("no mappings to remove"));
  unmap_end (unmap, unmap_outcome_exit_code (worst));
}

static gboolean
on_unmap_deadline (gpointer user_data)
{
  Unmap *unmap = user_data;

  unmap->deadline_id = 0;
  if (unmap->session.closing)
    return G_SOURCE_REMOVE;

  unmap_queue_expire (&unmap->queue, get_limit_ms ());
  if (unmap->discovery.cancellable != NULL)
    g_cancellable_cancel (unmap->discovery.cancellable);
  g_cancellable_cancel (unmap->list_cancellable);
  return G_SOURCE_REMOVE;
}

/* --- What to remove --- */

/* Whether the ports of the IPv6 firewall are meant, and not only those that plumctl has opened. */
static gboolean
names_firewall (Unmap *unmap)
{
  return unmap->ipv6 && (unmap_options.family != NULL || !unmap->ipv4);
}

static void
report_not_listed (Unmap *unmap)
{
  const GError *error = unmap->list_error;

  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED))
    output_error (
      _ ("the mappings of this computer cannot be listed: only UPnP can list mappings"));
  else if (error != NULL)
    output_error (_ ("the mappings of this computer cannot be listed: %s"), error->message);
  if (error != NULL)
    output_hint (_ ("Name them instead: plumctl unmap tcp:8080"));

  if (names_firewall (unmap))
    {
      output_error (_ ("the ports of the IPv6 firewall cannot be listed, and none is recorded"));
      output_hint (_ ("Name them instead: plumctl unmap --family 6 tcp:8080"));
    }
}

/* Returns FALSE if neither the router nor the records say what there is. */
static gboolean
add_all_mine (Unmap *unmap)
{
  for (guint i = 0; unmap->ipv4 && i < unmap->queue.entries->len; i++)
    unmap_job_add (unmap->queue.jobs, G_SOCKET_FAMILY_IPV4, unmap->queue.entries->pdata[i], NULL);
  if (unmap->ipv4)
    {
      unmap_records_add_jobs (unmap->session.manager, unmap->queue.jobs, G_SOCKET_FAMILY_IPV4);
      unmap_records_add_jobs_beyond (unmap->session.manager, unmap->queue.jobs);
    }
  if (unmap->ipv6)
    unmap_records_add_jobs (unmap->session.manager, unmap->queue.jobs, G_SOCKET_FAMILY_IPV6);

  if (unmap->queue.jobs->len > 0 || (unmap->list_error == NULL && !names_firewall (unmap)))
    return TRUE;

  report_not_listed (unmap);
  return FALSE;
}

static void
start_jobs (Unmap *unmap)
{
  if (unmap_options.all_mine && !add_all_mine (unmap))
    {
      unmap_end (unmap, PLUMCTL_FAILED);
      return;
    }

  unmap_queue_start (&unmap->queue, unmap->session.manager, unmap->list_error == NULL);
}

/* --- The table of the router --- */

static gboolean
is_mine (PlumGateway *gateway, PlumEntry *entry)
{
  return plum_entry_is_readable (entry) && address_equal (plum_gateway_get_local_address (gateway),
                                                          plum_entry_get_internal_address (entry));
}

static void
on_unmap_listed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Unmap *unmap = user_data;
  PlumGateway *gateway = PLUM_GATEWAY (object);
  g_autoptr (GListModel) found =
    plum_gateway_list_entries_finish (gateway, result, &unmap->list_error);

  unmap->listing = FALSE;
  if (unmap->session.closing)
    return;

  g_clear_handle_id (&unmap->list_deadline_id, g_source_remove);
  if (g_error_matches (unmap->list_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_clear_error (&unmap->list_error);
      g_set_error (&unmap->list_error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                   _ ("no answer within %g s"), get_limit_ms () / 2000.0);
    }

  for (guint i = 0; found != NULL && i < g_list_model_get_n_items (found); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (found, i);

      if (is_mine (gateway, entry))
        g_ptr_array_add (unmap->queue.entries, g_steal_pointer (&entry));
    }
  start_jobs (unmap);
}

/* Whether something is recorded on a server of the provider, which leads to this computer itself:
 * the gateway maps no ports. gateway: (nullable) */
static gboolean
is_recorded_at_provider (Unmap *unmap, PlumGateway *gateway)
{
  g_autoptr (GListModel) beyond =
    plum_manager_dup_recorded_upstream_entries (unmap->session.manager);

  return gateway != NULL && router_chain_is_needed (gateway) &&
         g_list_model_get_n_items (beyond) > 0;
}

static gboolean
on_list_deadline (gpointer user_data)
{
  Unmap *unmap = user_data;

  unmap->list_deadline_id = 0;
  g_cancellable_cancel (unmap->list_cancellable);
  return G_SOURCE_REMOVE;
}

/* A long or slow table leaves time to ask for the ports themselves. */
static void
unmap_list_entries (Unmap *unmap, PlumGateway *gateway)
{
  unmap->listing = TRUE;
  unmap->list_deadline_id = g_timeout_add (get_limit_ms () / 2, on_list_deadline, unmap);
  plum_gateway_list_entries_async (gateway, unmap->list_cancellable, on_unmap_listed, unmap);
}

/* Whether the IPv6 firewall can be asked although the router maps no IPv4 ports. */
static gboolean
is_for_firewall (Unmap *unmap)
{
  if (!unmap->ipv6)
    return FALSE;
  if (unmap_options.all_mine)
    return unmap_records_has_pinhole (unmap->session.manager);
  if (unmap_options.family != NULL)
    return TRUE;

  for (guint i = 0; i < unmap->queue.jobs->len; i++)
    if (((UnmapJob *) unmap->queue.jobs->pdata[i])->family == G_SOCKET_FAMILY_IPV6)
      return TRUE;

  return FALSE;
}

static void
on_unmap_discovered (Discovery *discovery)
{
  Unmap *unmap = (Unmap *) discovery->session;
  g_autoptr (PlumGateway) gateway = discovery_dup_gateway (discovery);
  g_autofree char *reason = NULL;

  if (discovery_is_served (discovery))
    {
      unmap_list_entries (unmap, gateway);
      return;
    }

  /* The IPv6 firewall, or a server of the provider, may be reached nevertheless. */
  if (is_for_firewall (unmap) || is_recorded_at_provider (unmap, gateway))
    {
      start_jobs (unmap);
      return;
    }

  reason = discovery_report_failure (discovery);
  unmap_queue_fail (&unmap->queue, reason);
  unmap_end (unmap, PLUMCTL_NO_ROUTER);
}

/* --- Start --- */

/* To find a pinhole that is not recorded, a router has to be asked to open it for a moment. That is
 * done only if the user names the family. */
static void
remove_unrecorded_pinholes (Unmap *unmap)
{
  for (guint i = unmap->queue.jobs->len; i > 0; i--)
    {
      const UnmapJob *job = unmap->queue.jobs->pdata[i - 1];

      if (job->family == G_SOCKET_FAMILY_IPV6 && !unmap_records_has (unmap->session.manager, job))
        g_ptr_array_remove_index (unmap->queue.jobs, i - 1);
    }
}

static int
unmap_run_with_session (Unmap *unmap)
{
  int exit_code;

  /* PCP needs the key of a mapping to remove it. The keys of a killed process are stored there. */
  state_directory_use (unmap->session.manager);
  unmap->list_cancellable = g_cancellable_new ();
  unmap->deadline_id = g_timeout_add (get_limit_ms (), on_unmap_deadline, unmap);
  if (unmap_options.family == NULL && unmap->ipv4)
    remove_unrecorded_pinholes (unmap);
  if (unmap->ipv4)
    discovery_start (&unmap->discovery);
  else
    start_jobs (unmap);

  exit_code = session_run (&unmap->session);
  g_clear_handle_id (&unmap->deadline_id, g_source_remove);
  g_clear_handle_id (&unmap->list_deadline_id, g_source_remove);
  g_cancellable_cancel (unmap->list_cancellable);
  while (unmap->listing)
    g_main_context_iteration (NULL, TRUE);
  if (unmap->ipv4)
    discovery_clear (&unmap->discovery);
  return exit_code;
}

/* Reads --for. Returns FALSE if it does not match --family. */
static gboolean
parse_host (Unmap *unmap)
{
  g_autoptr (GListModel) from = NULL;
  GSocketFamily family = G_SOCKET_FAMILY_INVALID;
  gboolean ipv4, ipv6;

  if (!host_options_parse (&from, &unmap->host, &family))
    return FALSE;
  if (unmap->host == NULL)
    return TRUE;

  ipv4 = family == G_SOCKET_FAMILY_IPV4;
  ipv6 = !ipv4;
  if (unmap_options.family != NULL && (ipv4 != unmap->ipv4 || ipv6 != unmap->ipv6))
    {
      output_error (_ ("--family: does not match the address of --for"));
      return FALSE;
    }

  unmap->ipv4 = ipv4;
  unmap->ipv6 = ipv6;
  return TRUE;
}

/* Without --family: IPv4, and IPv6 if this computer uses it. A gateway has one family. */
static gboolean
choose_families (Unmap *unmap)
{
  const char *family = unmap_options.family != NULL ? unmap_options.family : "both";
  g_autoptr (GInetAddress) gateway = NULL;
  g_autoptr (GInetAddress) ipv6 = NULL;

  if (!g_str_equal (family, "4") && !g_str_equal (family, "6") && !g_str_equal (family, "both"))
    {
      output_error (_ ("--family: “%s” is invalid, must be 4, 6 or both"), family);
      return FALSE;
    }

  unmap->ipv4 = !g_str_equal (family, "6");
  unmap->ipv6 = !g_str_equal (family, "4");
  if (unmap_options.family != NULL)
    return TRUE;

  if (common_options.gateway != NULL)
    gateway = g_inet_address_new_from_string (common_options.gateway);
  if (gateway != NULL)
    {
      unmap->ipv4 = g_inet_address_get_family (gateway) == G_SOCKET_FAMILY_IPV4;
      unmap->ipv6 = !unmap->ipv4;
      return TRUE;
    }

  ipv6 = plum_address_get_local (G_SOCKET_FAMILY_IPV6, NULL);
  unmap->ipv6 = ipv6 != NULL;
  return TRUE;
}

static gboolean
parse_arguments (Unmap *unmap, char **arguments)
{
  if (!choose_families (unmap) || !parse_host (unmap))
    return FALSE;
  if (!unmap_options.all_mine)
    return unmap_job_parse (unmap->queue.jobs, arguments, unmap->ipv4, unmap->ipv6, unmap->host);

  if (unmap->host != NULL)
    {
      output_error (_ ("--for cannot be used with --all-mine"));
      return FALSE;
    }
  if (arguments[0] != NULL)
    {
      output_error (_ ("“%s”: a SPEC cannot be used with --all-mine"), arguments[0]);
      return FALSE;
    }

  return TRUE;
}

static int
run_unmap (char **arguments, char **tail)
{
  Unmap unmap = { .session.interrupt_code = PLUMCTL_FAILED,
                  .session.interrupted = on_unmap_interrupted };
  int exit_code = PLUMCTL_USAGE;

  unmap.discovery = (Discovery){ .session = &unmap.session, .done = on_unmap_discovered };
  unmap_queue_init (&unmap.queue, on_queue_done, &unmap);
  unmap.queue.any_family = unmap_options.family == NULL;

  if (parse_arguments (&unmap, arguments))
    {
      if (session_init (&unmap.session))
        exit_code = unmap_run_with_session (&unmap);
      else
        exit_code = unmap.session.exit_code;
    }

  session_clear (&unmap.session);
  unmap_queue_clear (&unmap.queue);
  g_clear_error (&unmap.list_error);
  g_clear_object (&unmap.list_cancellable);
  g_clear_object (&unmap.host);
  return exit_code;
}

const PlumctlCommand plumctl_command_unmap = {
  .name = "unmap",
  .arguments = N_ ("SPEC…"),
  .summary = N_ ("Remove mappings of this computer from the router"),
  .details = N_ (
    "Mappings of other computers are not removed, unless “plumctl map --for” has made them and\n"
    "left them behind: --for names such a computer. With PCP, a router may refuse to remove a\n"
    "mapping without the key that it was made with. Mappings made by “plumctl map --once” then\n"
    "expire with their lease. Without --family, only those ports of the IPv6 firewall are closed\n"
    "that plumctl has opened. What an earlier run has left on a router beyond the first one is\n"
    "removed as well, if it is recorded. --timeout limits the time for all ports together.\n"
    "\n"
    "“plumctl --help” shows the forms of a SPEC, such as tcp:8000-8010 for 11 ports.\n"
    "\n"
    "Examples:\n"
    "  plumctl unmap tcp:8080\n"
    "  plumctl unmap --family 6 tcp:8080\n"
    "  plumctl unmap --for 192.168.1.50 tcp:9100\n"
    "  plumctl unmap --all-mine\n"
    "\n"
    "Exit status: 0 removed, as the router confirmed; 1 not removed; 2 usage error; 3 no router\n"
    "answered; 4 the router has no such mapping; 5 not confirmed: the router may keep the "
    "mapping;\n"
    "6 the port belongs to another computer. For several ports, the worst applies: 1, 3, 5, 6, 4,\n"
    "0."),
  .options = unmap_entries,
  .run = run_unmap,
};
