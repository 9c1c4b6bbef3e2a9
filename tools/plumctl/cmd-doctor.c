/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl doctor": queries the router with every protocol, maps a port briefly, and reports a
 * verdict and the next step. */

#include "command.h"
#include "common-options.h"
#include "doctor-examination.h"
#include "exit-code.h"
#include "output.h"
#include "recorder.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static struct
{
  gboolean no_map;
  char *record;
  char *family;
} options;

static const GOptionEntry doctor_entries[] = {
  { "no-map", 'n', 0, G_OPTION_ARG_NONE, &options.no_map, N_ ("Do not map a trial port"), NULL },
  { "record", 'r', 0, G_OPTION_ARG_FILENAME, &options.record,
    N_ ("Record all packets in the directory DIR, with public addresses and identifiers masked"),
    N_ ("DIR") },
  { "family", 0, 0, G_OPTION_ARG_STRING, &options.family,
    N_ ("Examine IPv4, IPv6, or both (default: those that this computer uses)"), "4|6|both" },
  COMMON_OPTION_STUN,
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_MAX_HOPS,
  COMMON_OPTION_TIMEOUT,
  COMMON_OPTION_JSON,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

typedef struct
{
  Session session;
  GatewayWatch watch;
  DoctorLog log;
  DoctorExamination examinations[DOCTOR_MAX_PARTS];
  guint n_examinations;
  guint n_open;
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

/* --- The report --- */

static void
add_address (GPtrArray *addresses, GInetAddress *address)
{
  if (address != NULL)
    g_ptr_array_add (addresses, g_object_ref (address));
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
  for (guint i = 0; i < doctor->n_examinations; i++)
    doctor_examination_collect_addresses (&doctor->examinations[i], addresses);

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

/* A family without a gateway is left out if the user did not ask for it and the other one has a
 * gateway. The first part that has a gateway decides the exit status. */
static void
collect_parts (Doctor *doctor, DoctorReport *report)
{
  gboolean has_gateway = FALSE;

  for (guint i = 0; i < doctor->n_examinations; i++)
    has_gateway = has_gateway || doctor->examinations[i].gateway != NULL;

  report->main = DOCTOR_MAX_PARTS;
  for (guint i = 0; i < doctor->n_examinations; i++)
    {
      DoctorExamination *examination = &doctor->examinations[i];

      if (examination->gateway == NULL && options.family == NULL && has_gateway)
        continue;
      if (examination->gateway != NULL && report->main == DOCTOR_MAX_PARTS)
        report->main = report->n_parts;
      doctor_examination_report (examination, &report->parts[report->n_parts++]);
    }

  if (report->main == DOCTOR_MAX_PARTS)
    report->main = 0;
}

static void
report_all (Doctor *doctor)
{
  DoctorReport report = { .manager = doctor->session.manager, .log = &doctor->log };
  g_autofree char *json = NULL;

  collect_parts (doctor, &report);
  json = doctor_report_build_json (&report);
  if (common_options.json)
    output_json (json);
  else
    doctor_report_print_text (&report);
  if (options.record != NULL)
    write_record (doctor, json);

  session_close (&doctor->session,
                 doctor_verdict_get_exit_code (report.parts[report.main].verdict));
}

static void
on_examined (DoctorExamination *examination)
{
  Doctor *doctor = examination->user_data;

  if (--doctor->n_open == 0)
    report_all (doctor);
}

/* --- The command --- */

static void
add_examination (Doctor *doctor, GSocketFamily family)
{
  doctor->examinations[doctor->n_examinations++] = (DoctorExamination){
    .session = &doctor->session,
    .log = &doctor->log,
    .family = family,
    .no_map = options.no_map,
    .user_data = doctor,
    .done = on_examined,
  };
}

/* --gateway determines the family. */
static const char *
get_family (void)
{
  g_autoptr (GInetAddress) gateway =
    common_options.gateway != NULL ? g_inet_address_new_from_string (common_options.gateway) : NULL;

  if (gateway != NULL)
    return g_inet_address_get_family (gateway) == G_SOCKET_FAMILY_IPV6 ? "6" : "4";

  return options.family != NULL ? options.family : "both";
}

static void
add_examinations (Doctor *doctor)
{
  const char *family = get_family ();

  if (!g_str_equal (family, "6"))
    add_examination (doctor, G_SOCKET_FAMILY_IPV4);
  if (!g_str_equal (family, "4"))
    add_examination (doctor, G_SOCKET_FAMILY_IPV6);
}

static gboolean
check_arguments (char **arguments)
{
  g_autoptr (GError) error = NULL;

  if (arguments[0] != NULL)
    output_error (_ ("unexpected argument “%s”"), arguments[0]);
  else if (options.family != NULL && !g_str_equal (options.family, "4") &&
           !g_str_equal (options.family, "6") && !g_str_equal (options.family, "both"))
    output_error (_ ("--family: “%s” is invalid, must be 4, 6 or both"), options.family);
  else if (options.family != NULL && !g_str_equal (options.family, "both") &&
           !g_str_equal (get_family (), options.family))
    output_error (_ ("--family: --gateway %s has another address family"), common_options.gateway);
  else if (options.no_map && common_options.stun != NULL)
    output_error (_ ("--stun needs a trial mapping, which --no-map leaves out"));
  else if (options.record != NULL && !recorder_prepare (options.record, &error))
    output_error ("--record: %s", error->message);
  else
    return TRUE;

  return FALSE;
}

static void
doctor_start (Doctor *doctor)
{
  doctor_log_init (&doctor->log);
  doctor->watch = (GatewayWatch){
    .traffic = on_traffic,
    .note = on_note,
    .user_data = doctor,
  };
  gateway_watch_start (&doctor->watch, doctor->session.manager);
  add_examinations (doctor);
  doctor->n_open = doctor->n_examinations;
  for (guint i = 0; i < doctor->n_examinations; i++)
    doctor_examination_start (&doctor->examinations[i]);
}

static int
run_doctor (char **arguments, char **tail)
{
  Doctor doctor = { .session = { .interrupt_code = PLUMCTL_FAILED } };
  int exit_code;

  if (!check_arguments (arguments))
    return PLUMCTL_USAGE;
  if (options.record != NULL) /* it contains the messages, for the developers */
    output_set_untranslated ();
  if (!session_init (&doctor.session))
    return doctor.session.exit_code;

  doctor_start (&doctor);
  exit_code = session_run (&doctor.session);

  for (guint i = 0; i < doctor.n_examinations; i++)
    doctor_examination_clear (&doctor.examinations[i]);
  gateway_watch_clear (&doctor.watch);
  session_clear (&doctor.session);
  doctor_log_clear (&doctor.log);
  return exit_code;
}

const PlumctlCommand plumctl_command_doctor = {
  .name = "doctor",
  .arguments = "",
  .summary = N_ ("Find out why port mapping fails, and what to do about it"),
  .details = N_ (
    "Queries the router with every protocol, maps a TCP and a UDP port, removes them again, and\n"
    "prints a verdict and the next step. If a second router may be the cause, the doctor looks\n"
    "for it and shows the addresses of all routers. IPv4 and IPv6 are examined if this computer\n"
    "uses them. With --stun, a server on the internet shows whether packets from outside reach\n"
    "the UDP port.\n"
    "\n"
    "Examples:\n"
    "  plumctl doctor\n"
    "  plumctl doctor --json --no-map\n"
    "  plumctl doctor --family 6\n"
    "  plumctl doctor --stun stun.example.org\n"
    "  plumctl doctor --record my-router\n"
    "\n"
    "Exit status: 0 port mapping works, 1 interrupted, 2 usage error, 3 no gateway; 10 and\n"
    "above: see plumctl(1) for the status of each verdict."),
  .options = doctor_entries,
  .run = run_doctor,
};
