/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl doctor": queries the router with every protocol, maps a port briefly, and reports a
 * verdict and the next step. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "discovery.h"
#include "doctor-path.h"
#include "doctor-report.h"
#include "exit-code.h"
#include "output.h"
#include "recorder.h"
#include "stray-probe.h"

static struct
{
  gboolean no_map;
  char *record;
} options;

static const GOptionEntry entries[] = {
  { "no-map", 'n', 0, G_OPTION_ARG_NONE, &options.no_map, "Do not map a trial port", NULL },
  { "record", 'r', 0, G_OPTION_ARG_FILENAME, &options.record,
    "Record all packets in the directory DIR, with public addresses masked", "DIR" },
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_TIMEOUT,
  COMMON_OPTION_JSON,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

typedef struct
{
  Session session; /* first: a Session * is a Doctor * */
  Discovery discovery;
  GatewayWatch watch;
  DoctorLog log;
  StrayProbe stray;
  DoctorTrial trial;
  DoctorPath path;
  DoctorRouters routers;
  PlumGateway *gateway;
  DoctorFindings findings;
} Doctor;

static void
on_traffic (GatewayWatch *watch,
            PlumGateway *gateway,
            const char *backend,
            PlumTrafficDirection direction,
            GSocketAddress *peer,
            GBytes *bytes)
{
  Doctor *doctor = watch->user_data;

  doctor_log_add_traffic (&doctor->log, gateway, backend, direction, peer, bytes);
}

static void
on_note (GatewayWatch *watch, PlumGateway *gateway, const char *backend, const char *text)
{
  Doctor *doctor = watch->user_data;

  doctor_log_add_note (&doctor->log, gateway, backend, text);
}

static void
on_stray_traffic (StrayProbe *stray,
                  PlumTrafficDirection direction,
                  GSocketAddress *peer,
                  GBytes *bytes)
{
  Doctor *doctor = stray->user_data;

  doctor_log_add_traffic (&doctor->log, doctor->gateway, "stray", direction, peer, bytes);
}

/* Whether a protocol reports the external address before a mapping exists: "direct" queries no
 * router, and PCP reports the address only with a mapping. */
static gboolean
reports_address (const char *backend)
{
  return !g_str_equal (backend, "direct") && !g_str_equal (backend, "pcp");
}

static void
find_probes (DoctorFindings *findings, PlumGateway *gateway)
{
  GListModel *probes = plum_gateway_get_probes (gateway);
  gboolean reported = plum_gateway_get_external_address (gateway) != NULL;

  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);
      PlumProbeOutcome outcome = plum_probe_get_outcome (probe);
      const GError *error = plum_probe_get_error (probe);
      const char *name = plum_probe_get_name (probe);

      /* "direct" queries no router: its outcome says nothing about the router. */
      if (g_str_equal (name, "direct"))
        continue;
      if (outcome == PLUM_PROBE_SUCCESS && reports_address (name) && !reported)
        findings->address_withheld = TRUE;
      findings->n_refused += outcome == PLUM_PROBE_REFUSED;
      findings->n_failed += outcome == PLUM_PROBE_FAILED;
      findings->n_no_resources +=
        error != NULL && g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
    }
}

static void
find_trial (DoctorTrialFindings *findings, const TrialMapping *trial)
{
  findings->mapped = trial->mapped;
  findings->lifetime = trial->lifetime;
  findings->left_behind = doctor_trial_get_left_behind (trial) == LEFT_BEHIND_YES ||
                          (trial->mapped && trial->remove_error != NULL &&
                           doctor_trial_get_left_behind (trial) == LEFT_BEHIND_UNKNOWN);
  findings->missing = doctor_trial_is_missing (trial);
  findings->error =
    trial->error != NULL && trial->error->domain == PLUM_ERROR ? trial->error->code : -1;
}

static void
collect_findings (Doctor *doctor)
{
  DoctorFindings *findings = &doctor->findings;

  findings->has_gateway = doctor->gateway != NULL;
  findings->served = discovery_is_served (&doctor->discovery);
  findings->stray_answer = doctor->stray.answered_from != NULL;
  if (doctor->gateway == NULL)
    return;

  find_probes (findings, doctor->gateway);
  findings->n_other_devices = doctor_log_count_other_devices (&doctor->log, doctor->gateway);
  findings->direct = g_strcmp0 (plum_gateway_get_backend_name (doctor->gateway), "direct") == 0;
  findings->router_between = doctor_log_has_mismatch (&doctor->log, doctor->gateway);
  findings->scope = plum_gateway_get_external_scope (doctor->gateway);
  if (findings->tried)
    {
      find_trial (&findings->tcp, &doctor->trial.mappings[PLUM_PROTOCOL_TCP]);
      find_trial (&findings->udp, &doctor->trial.mappings[PLUM_PROTOCOL_UDP]);
      if (findings->scope == PLUM_ADDRESS_SCOPE_UNKNOWN)
        findings->scope = doctor->trial.mappings[PLUM_PROTOCOL_TCP].scope;
    }
}

static void
add_address (GPtrArray *addresses, GInetAddress *address)
{
  if (address != NULL)
    g_ptr_array_add (addresses, g_object_ref (address));
}

/* For a mapping requested through another router, the table shows that router's address. */
static gboolean
is_mapped_for_other_router (Doctor *doctor)
{
  const TrialMapping *tcp = &doctor->trial.mappings[PLUM_PROTOCOL_TCP];

  return doctor->findings.tried && tcp->mapped && tcp->after_map == READBACK_GONE;
}

/* Collects what is known about a second router, if one was looked for. */
static void
collect_routers (Doctor *doctor)
{
  DoctorFindings *findings = &doctor->findings;
  GInetAddress *external = plum_gateway_get_external_address (doctor->gateway);
  g_autofree char *text = describe_address (external);
  const char *trial = doctor->trial.mappings[PLUM_PROTOCOL_TCP].external_host;

  if (doctor_path_get_between (&doctor->path) != NULL &&
      (doctor_path_other_maps (&doctor->path) || is_mapped_for_other_router (doctor)))
    findings->router_between = TRUE;
  findings->next_scope = plum_address_get_scope (doctor_path_get_next (&doctor->path));

  doctor->routers.maps_nothing = doctor_verdict_maps_nothing (findings);
  doctor_path_list (&doctor->path, text != NULL ? text : trial, findings->router_between,
                    &doctor->routers);
}

/* The addresses that PCP and NAT-PMP packets may contain. */
static GPtrArray *
collect_addresses (Doctor *doctor)
{
  GListModel *gateways = plum_manager_get_gateways (doctor->session.manager);
  GPtrArray *addresses = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      add_address (addresses, plum_gateway_get_address (gateway));
      add_address (addresses, plum_gateway_get_local_address (gateway));
      add_address (addresses, plum_gateway_get_external_address (gateway));
    }

  for (guint i = 0; i < G_N_ELEMENTS (doctor->trial.mappings); i++)
    {
      const char *host = doctor->trial.mappings[i].external_host;
      g_autoptr (GInetAddress) address =
        host != NULL ? g_inet_address_new_from_string (host) : NULL;

      add_address (addresses, address);
    }

  if (doctor->path.other != NULL)
    add_address (addresses, plum_gateway_get_external_address (doctor->path.other));

  return addresses;
}

static void
write_record (Doctor *doctor, const char *report)
{
  g_autoptr (GPtrArray) addresses = collect_addresses (doctor);
  g_autoptr (GError) error = NULL;

  if (!recorder_write (options.record, &doctor->log, addresses, report, &error))
    output_error ("--record: %s", error->message);
}

static void
report_all (Doctor *doctor)
{
  DoctorReport report = {
    .manager = doctor->session.manager,
    .log = &doctor->log,
    .routers = &doctor->routers,
    .other = doctor->path.other,
    .stray = doctor->stray.answered_from,
    .error = doctor->discovery.error,
  };
  g_autofree char *json = NULL;

  if (doctor->session.closing)
    return;

  report.verdict = doctor_verdict_decide (&doctor->findings);
  if (doctor->findings.tried)
    report.trial = &doctor->trial;

  json = doctor_report_build_json (&report);
  if (common_options.json)
    output_json (json);
  else
    doctor_report_print_text (&report);
  if (options.record != NULL)
    write_record (doctor, json);

  session_close (&doctor->session, doctor_verdict_get_exit_code (report.verdict));
}

static void
on_path_done (DoctorPath *path)
{
  Doctor *doctor = path->user_data;

  collect_routers (doctor);
  report_all (doctor);
}

/* A router named by the user may be any router on the path; it is worth checking if it maps
 * ports. No router is behind a gateway on this host, such as that of a test. */
static gboolean
should_find_path (Doctor *doctor)
{
  GInetAddress *address =
    doctor->gateway != NULL ? plum_gateway_get_address (doctor->gateway) : NULL;
  gboolean named = common_options.gateway != NULL && doctor->findings.served;

  return address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4 &&
         !g_inet_address_get_is_loopback (address) &&
         (named || doctor_verdict_may_be_behind (&doctor->findings));
}

/* The same settings as for the first router, except for the gateway address. */
static PlumManager *
make_other_manager (Doctor *doctor)
{
  PlumManager *manager = plum_manager_new ();

  plum_manager_set_enabled_backends (manager,
                                     plum_manager_get_enabled_backends (doctor->session.manager));
  plum_manager_set_interface (manager, common_options.interface);
  return manager;
}

/* Everything has been answered or has timed out; only the position of the router may be unknown. */
static void
conclude (Doctor *doctor)
{
  g_autoptr (PlumManager) manager = NULL;

  if (doctor->session.closing)
    return;

  collect_findings (doctor);
  doctor->path.gateway = doctor->gateway;
  doctor->path.scope = doctor->findings.scope;
  if (should_find_path (doctor))
    {
      manager = make_other_manager (doctor);
      if (doctor_path_start (&doctor->path, manager))
        return;
    }
  if (doctor->findings.router_between)
    collect_routers (doctor);

  report_all (doctor);
}

static void
on_trial_done (DoctorTrial *trial)
{
  conclude (trial->user_data);
}

static void
on_stray_done (StrayProbe *stray)
{
  conclude (stray->user_data);
}

/* Only a router that did not refuse may have answered from another address. */
static gboolean
is_silent (PlumGateway *gateway)
{
  DoctorFindings findings = { 0 };

  find_probes (&findings, gateway);
  return findings.n_refused == 0;
}

static void
on_discovered (Discovery *discovery)
{
  Doctor *doctor = (Doctor *) discovery->session;
  GInetAddress *address;

  doctor->gateway = discovery_dup_gateway (discovery);
  if (doctor->gateway == NULL)
    {
      conclude (doctor);
      return;
    }

  address = plum_gateway_get_address (doctor->gateway);
  if (!discovery_is_served (discovery))
    {
      if (address == NULL || !is_silent (doctor->gateway) ||
          !stray_probe_start (&doctor->stray, address))
        conclude (doctor);
    }
  else if (options.no_map || plum_gateway_get_local_address (doctor->gateway) == NULL)
    {
      conclude (doctor);
    }
  else
    {
      doctor->findings.tried = TRUE;
      doctor_trial_start (&doctor->trial, doctor->session.manager, doctor->gateway);
    }
}

static void
doctor_init (Doctor *doctor)
{
  doctor->session.interrupt_code = PLUMCTL_FAILED;
  doctor->discovery = (Discovery){ .session = &doctor->session, .done = on_discovered };
  doctor->watch = (GatewayWatch){
    .traffic = on_traffic,
    .note = on_note,
    .user_data = doctor,
  };
  doctor->stray = (StrayProbe){
    .done = on_stray_done,
    .traffic = on_stray_traffic,
    .user_data = doctor,
  };
  doctor->path = (DoctorPath){
    .done = on_path_done,
    .log = &doctor->log,
    .named = common_options.gateway != NULL,
    .interface = common_options.interface,
    .user_data = doctor,
  };
  doctor->trial = (DoctorTrial){
    .done = on_trial_done,
    .user_data = doctor,
    .timeout_ms = common_options_get_timeout_ms (),
  };
}

static int
run_doctor (char **arguments, char **tail)
{
  g_autoptr (GError) error = NULL;
  Doctor doctor = { 0 };
  int exit_code;

  if (arguments[0] != NULL)
    {
      output_error ("unexpected argument “%s”", arguments[0]);
      return PLUMCTL_USAGE;
    }

  if (options.record != NULL && !recorder_prepare (options.record, &error))
    {
      output_error ("--record: %s", error->message);
      return PLUMCTL_USAGE;
    }

  doctor_init (&doctor);
  if (!session_init (&doctor.session))
    return doctor.session.exit_code;

  doctor_log_init (&doctor.log);
  gateway_watch_start (&doctor.watch, doctor.session.manager);
  discovery_start (&doctor.discovery);
  exit_code = session_run (&doctor.session);

  discovery_clear (&doctor.discovery);
  doctor_trial_clear (&doctor.trial);
  stray_probe_clear (&doctor.stray);
  doctor_path_clear (&doctor.path);
  doctor_routers_clear (&doctor.routers);
  gateway_watch_clear (&doctor.watch);
  g_clear_object (&doctor.gateway);
  session_clear (&doctor.session);
  doctor_log_clear (&doctor.log);
  return exit_code;
}

const PlumctlCommand plumctl_command_doctor = {
  .name = "doctor",
  .arguments = "",
  .summary = "Find out why port mapping fails, and what to do about it",
  .details =
    "Queries the router with every protocol, maps a TCP and a UDP port, removes them again, and\n"
    "prints a verdict and the next step. If a second router may be the cause, the doctor looks\n"
    "for it and shows the addresses of both routers.\n"
    "\n"
    "Examples:\n"
    "  plumctl doctor\n"
    "  plumctl doctor --json --no-map\n"
    "  plumctl doctor --record my-router\n"
    "\n"
    "Exit status: 0 port mapping works, 1 interrupted, 2 usage error, 3 no gateway; 10 and\n"
    "above: see plumctl(1) for the status of each verdict.",
  .options = entries,
  .run = run_doctor,
};
