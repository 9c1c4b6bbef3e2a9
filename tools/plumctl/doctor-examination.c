/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-examination.h"

#include "alternative.h"
#include "common-options.h"
#include "describe.h"

static void
doctor_examination_finish (DoctorExamination *self)
{
  if (!self->session->closing)
    self->done (self);
}

/* Whether a protocol reports the external address before a mapping exists: "direct" queries no
 * router, and PCP reports the address only with a mapping. */
static gboolean
reports_address (const char *backend)
{
  return !g_str_equal (backend, "direct") && !g_str_equal (backend, "pcp");
}

/* Whether the router was asked by a protocol that may support this network. */
static gboolean
is_asked (const DoctorLog *log, PlumGateway *gateway, PlumProbe *probe)
{
  return !g_error_matches (plum_probe_get_error (probe), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED) ||
         doctor_log_has_sent (log, gateway, plum_probe_get_name (probe));
}

static void
find_probes (const DoctorLog *log, DoctorFindings *findings, PlumGateway *gateway)
{
  GListModel *probes = plum_gateway_get_probes (gateway);
  gboolean reported = plum_gateway_get_external_address (gateway) != NULL;

  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);
      PlumProbeOutcome outcome = plum_probe_get_outcome (probe);
      const GError *error = plum_probe_get_error (probe);
      const char *name = plum_probe_get_name (probe);

      /* The outcome of a backend that queried no router says nothing about the router. */
      if (g_str_equal (name, "direct") || !is_asked (log, gateway, probe))
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
find_outside (DoctorFindings *findings, const DoctorTrial *trial)
{
  const TrialMapping *udp = &trial->mappings[PLUM_PROTOCOL_UDP];
  const StunResult *stun = doctor_proof_get_stun (&trial->proof);
  StunMatch match;

  if (stun == NULL)
    return;

  match = stun_result_match (stun, udp->external_host, udp->external_port);
  findings->nat_beyond = match == STUN_MATCH_OTHER_ADDRESS;
  findings->not_reached = match == STUN_MATCH_SAME && stun->strangers == STUN_NO;
}

static void
collect_findings (DoctorExamination *self)
{
  DoctorFindings *findings = &self->findings;

  findings->has_gateway = self->gateway != NULL;
  findings->served = discovery_is_served (&self->discovery);
  findings->stray_answer = self->stray.answered_from != NULL;
  findings->no_next_hop = alternative_is_tunnel (self->session->manager, self->family);
  findings->other_serves = alternative_exists (self->session->manager, self->family);
  if (self->gateway == NULL)
    return;

  find_probes (self->log, findings, self->gateway);
  findings->n_other_devices = doctor_log_count_other_devices (self->log, self->gateway);
  findings->direct = g_strcmp0 (plum_gateway_get_backend_name (self->gateway), "direct") == 0;
  findings->router_between = doctor_log_has_mismatch (self->log, self->gateway);
  findings->scope = plum_gateway_get_external_scope (self->gateway);
  if (findings->tried)
    {
      find_trial (&findings->tcp, &self->trial.mappings[PLUM_PROTOCOL_TCP]);
      find_trial (&findings->udp, &self->trial.mappings[PLUM_PROTOCOL_UDP]);
      find_outside (findings, &self->trial);
      if (findings->scope == PLUM_ADDRESS_SCOPE_UNKNOWN)
        findings->scope = self->trial.mappings[PLUM_PROTOCOL_TCP].scope;
    }
}

/* For a mapping requested through another router, the table shows that router's address. */
static gboolean
is_mapped_for_other_router (DoctorExamination *self)
{
  const TrialMapping *tcp = &self->trial.mappings[PLUM_PROTOCOL_TCP];

  return self->findings.tried && tcp->mapped && tcp->after_map == READBACK_GONE;
}

/* Collects what is known about a second router, if one was looked for. */
static void
collect_routers (DoctorExamination *self)
{
  DoctorFindings *findings = &self->findings;
  GInetAddress *external = plum_gateway_get_external_address (self->gateway);
  g_autofree char *text = describe_address (external);
  const char *trial = self->trial.mappings[PLUM_PROTOCOL_TCP].external_host;

  if (doctor_path_get_between (&self->path) != NULL &&
      (doctor_path_other_maps (&self->path) || is_mapped_for_other_router (self)))
    findings->router_between = TRUE;
  findings->next_scope = plum_address_get_scope (doctor_path_get_next (&self->path));

  self->routers.maps_nothing = doctor_verdict_maps_nothing (findings);
  doctor_path_list (&self->path, text != NULL ? text : trial, findings->router_between,
                    &self->routers);
}

static void
on_stray_traffic (StrayProbe *stray,
                  PlumTrafficDirection direction,
                  GSocketAddress *peer,
                  GBytes *bytes)
{
  DoctorExamination *self = stray->user_data;

  doctor_log_add_traffic (self->log, self->gateway, "stray", direction, peer, bytes);
}

static void
on_path_done (DoctorPath *path)
{
  DoctorExamination *self = path->user_data;

  collect_routers (self);
  doctor_examination_finish (self);
}

/* A router named by the user may be any router on the path; it is worth checking if it maps
 * ports. No router is behind a gateway on this host, such as that of a test. */
static gboolean
should_find_path (DoctorExamination *self)
{
  GInetAddress *address = self->gateway != NULL ? plum_gateway_get_address (self->gateway) : NULL;
  gboolean named = common_options.gateway != NULL && self->findings.served;

  return address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4 &&
         !g_inet_address_get_is_loopback (address) &&
         (named || doctor_verdict_may_be_behind (&self->findings));
}

/* The same settings as for the first router, except for the gateway address. */
static PlumManager *
make_other_manager (DoctorExamination *self)
{
  PlumManager *manager = plum_manager_new ();

  plum_manager_set_enabled_backends (manager,
                                     plum_manager_get_enabled_backends (self->session->manager));
  plum_manager_set_interface (manager, common_options.interface);
  return manager;
}

/* Everything has been answered or has timed out; only the position of the router may be unknown. */
static void
conclude (DoctorExamination *self)
{
  g_autoptr (PlumManager) manager = NULL;

  if (self->session->closing)
    return;

  collect_findings (self);
  self->path.gateway = self->gateway;
  self->path.scope = self->findings.scope;
  if (should_find_path (self))
    {
      manager = make_other_manager (self);
      if (doctor_path_start (&self->path, manager))
        return;
    }
  if (self->findings.router_between)
    collect_routers (self);

  doctor_examination_finish (self);
}

static void
on_trial_done (DoctorTrial *trial)
{
  conclude (trial->user_data);
}

static void
on_trial_note (DoctorTrial *trial, const char *text)
{
  DoctorExamination *self = trial->user_data;

  doctor_log_add_note (self->log, self->gateway, "stun", text);
}

static void
on_stray_done (StrayProbe *stray)
{
  conclude (stray->user_data);
}

/* Only a router that did not refuse may have answered from another address. */
static gboolean
is_silent (DoctorExamination *self)
{
  DoctorFindings findings = { 0 };

  find_probes (self->log, &findings, self->gateway);
  return findings.n_refused == 0;
}

static void
on_doctor_examination_discovered (Discovery *discovery)
{
  DoctorExamination *self = discovery->user_data;
  GInetAddress *address;

  self->gateway = discovery_dup_gateway (discovery);
  if (self->gateway == NULL)
    {
      conclude (self);
      return;
    }

  address = plum_gateway_get_address (self->gateway);
  if (!discovery_is_served (discovery))
    {
      if (address == NULL || !is_silent (self) || !stray_probe_start (&self->stray, address))
        conclude (self);
    }
  else if (self->no_map || plum_gateway_get_local_address (self->gateway) == NULL)
    {
      conclude (self);
    }
  else
    {
      self->findings.tried = TRUE;
      doctor_trial_start (&self->trial, self->session->manager, self->gateway);
    }
}

void
doctor_examination_start (DoctorExamination *self)
{
  self->discovery = (Discovery){
    .session = self->session,
    .family = self->family,
    .user_data = self,
    .done = on_doctor_examination_discovered,
  };
  self->stray = (StrayProbe){
    .done = on_stray_done,
    .traffic = on_stray_traffic,
    .user_data = self,
  };
  self->path = (DoctorPath){
    .done = on_path_done,
    .log = self->log,
    .named = common_options.gateway != NULL,
    .interface = common_options.interface,
    .user_data = self,
  };
  self->trial = (DoctorTrial){
    .done = on_trial_done,
    .user_data = self,
    .timeout_ms = common_options_get_timeout_ms (),
    .note = on_trial_note,
    .proof.server = common_options.stun,
  };
  discovery_start (&self->discovery);
}

void
doctor_examination_clear (DoctorExamination *self)
{
  discovery_clear (&self->discovery);
  doctor_trial_clear (&self->trial);
  stray_probe_clear (&self->stray);
  doctor_path_clear (&self->path);
  doctor_routers_clear (&self->routers);
  g_clear_object (&self->gateway);
}

/* The pointers in @part belong to @self. */
void
doctor_examination_report (DoctorExamination *self, DoctorPart *part)
{
  *part = (DoctorPart){
    .family = self->family,
    .trial = self->findings.tried ? &self->trial : NULL,
    .routers = &self->routers,
    .other = self->path.other,
    .stray = self->stray.answered_from,
    .error = self->discovery.error,
    .verdict = doctor_verdict_decide (&self->findings),
  };
}

/* The external addresses that packets may contain, but that no gateway reports. */
void
doctor_examination_collect_addresses (DoctorExamination *self, GPtrArray *addresses)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->trial.mappings); i++)
    {
      const char *host = self->trial.mappings[i].external_host;
      GInetAddress *address = host != NULL ? g_inet_address_new_from_string (host) : NULL;

      if (address != NULL)
        g_ptr_array_add (addresses, address);
    }

  if (self->path.other != NULL && plum_gateway_get_external_address (self->path.other) != NULL)
    g_ptr_array_add (addresses,
                     g_object_ref (plum_gateway_get_external_address (self->path.other)));
}
