/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-examination.h"

#include "alternative.h"
#include "common-options.h"
#include "describe.h"

/* How long to wait for a server of the provider, which few providers have. */
#define BYPASS_MS 8000

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
      if (g_str_equal (name, "direct") || !doctor_log_has_asked (log, gateway, probe))
        continue;
      findings->asked = TRUE;
      if (outcome == PLUM_PROBE_SUCCESS && reports_address (name) && !reported)
        findings->address_withheld = TRUE;
      findings->n_refused += outcome == PLUM_PROBE_REFUSED;
      findings->n_failed += outcome == PLUM_PROBE_FAILED;
      findings->n_no_resources +=
        error != NULL && g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
    }
}

/* A router that supports only permanent leases keeps its mapping after a crash, whatever the others
 * do. */
static gboolean
is_permanent (const TrialMapping *trial)
{
  for (guint i = 0; i < doctor_trial_count_hops (trial); i++)
    {
      g_autoptr (PlumHop) hop = doctor_trial_get_hop (trial, i);

      if (plum_hop_get_lifetime (hop) == PLUM_LIFETIME_FOREVER)
        return TRUE;
    }

  return trial->lifetime == PLUM_LIFETIME_FOREVER;
}

static void
find_trial (DoctorTrialFindings *findings, const TrialMapping *trial, PlumGateway *gateway)
{
  findings->mapped = trial->mapped;
  findings->lifetime = is_permanent (trial) ? PLUM_LIFETIME_FOREVER : trial->lifetime;
  findings->left_behind = doctor_trial_get_left_behind (trial) == LEFT_BEHIND_YES ||
                          (trial->mapped && trial->remove_error != NULL &&
                           doctor_trial_get_left_behind (trial) == LEFT_BEHIND_UNKNOWN);
  findings->missing = doctor_trial_is_missing (trial);
  findings->chained = doctor_trial_is_chained (trial, gateway);
  findings->outer = trial->scope;
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
find_mappings (DoctorExamination *self)
{
  DoctorFindings *findings = &self->findings;
  const TrialMapping *tcp = &self->trial.mappings[PLUM_PROTOCOL_TCP];
  const TrialMapping *udp = &self->trial.mappings[PLUM_PROTOCOL_UDP];

  find_trial (&findings->tcp, tcp, self->gateway);
  find_trial (&findings->udp, udp, self->gateway);
  find_outside (findings, &self->trial);
  if (findings->scope == PLUM_ADDRESS_SCOPE_UNKNOWN)
    findings->scope = tcp->mapped ? tcp->scope : udp->scope;
  findings->served = findings->served || tcp->mapped || udp->mapped;
}

static gboolean
has_no_public_ipv6 (PlumGateway *gateway, PlumAddressScope local)
{
  return plum_gateway_get_family (gateway) == G_SOCKET_FAMILY_IPV6 &&
         (local == PLUM_ADDRESS_SCOPE_LINK_LOCAL || local == PLUM_ADDRESS_SCOPE_PRIVATE);
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
  findings->local = plum_address_get_scope (plum_gateway_get_local_address (self->gateway));
  findings->no_public_ipv6 = has_no_public_ipv6 (self->gateway, findings->local);
  if (findings->tried)
    find_mappings (self);
}

/* For a mapping requested through another router, the table shows that router's address. */
static gboolean
is_mapped_for_other_router (DoctorExamination *self)
{
  const TrialMapping *tcp = &self->trial.mappings[PLUM_PROTOCOL_TCP];

  return self->findings.tried && tcp->mapped && tcp->after_map == READBACK_GONE;
}

/* Whether packets reach the gateway with the address of this computer: PCP compares the addresses,
 * and NAT-PMP maps for the source address, which the table shows. */
static gboolean
is_path_proven (DoctorExamination *self)
{
  const TrialMapping *tcp = &self->trial.mappings[PLUM_PROTOCOL_TCP];
  const TrialMapping *udp = &self->trial.mappings[PLUM_PROTOCOL_UDP];
  const StunResult *stun = doctor_proof_get_stun (&self->trial.proof);

  if (!self->findings.tried || self->findings.router_between)
    return FALSE;
  if (stun != NULL && stun_result_verify (stun, udp->external_host, udp->external_port) == STUN_YES)
    return TRUE;
  return tcp->mapped &&
         (g_strcmp0 (tcp->backend, "pcp") == 0 ||
          (g_strcmp0 (tcp->backend, "natpmp") == 0 && tcp->after_map == READBACK_THERE));
}

/* The mapping with the longest chain. */
static const TrialMapping *
get_longest (DoctorExamination *self)
{
  const TrialMapping *tcp = &self->trial.mappings[PLUM_PROTOCOL_TCP];
  const TrialMapping *udp = &self->trial.mappings[PLUM_PROTOCOL_UDP];

  return doctor_trial_count_hops (udp) > doctor_trial_count_hops (tcp) ? udp : tcp;
}

/* How many routers map all transports that are mapped. */
static guint
count_common_hops (DoctorExamination *self)
{
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (self->trial.mappings); i++)
    {
      guint n_hops = doctor_trial_count_hops (&self->trial.mappings[i]);

      if (n_hops > 0 && (n == 0 || n_hops < n))
        n = n_hops;
    }

  return n;
}

static gboolean
is_inner (PlumAddressScope scope)
{
  return scope == PLUM_ADDRESS_SCOPE_PRIVATE || scope == PLUM_ADDRESS_SCOPE_CGNAT;
}

/* Why the router after those that map the port of the trial does not. */
static DoctorBeyond
get_beyond (DoctorExamination *self)
{
  const TrialMapping *longest = get_longest (self);
  const GError *error = longest->upstream_error;
  guint n_hops = count_common_hops (self);

  if (n_hops > 0 && n_hops == (guint) common_options.max_hops && n_hops < COMMON_MAX_HOPS &&
      is_inner (self->path.scope))
    return DOCTOR_BEYOND_LIMITED;
  if (error == NULL || g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
    return DOCTOR_BEYOND_NOT_ASKED;
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT) ||
      g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_BACKEND))
    return DOCTOR_BEYOND_SILENT;
  return DOCTOR_BEYOND_REFUSED;
}

/* Adds the gateway with what it reports. */
static void
add_gateway (DoctorExamination *self)
{
  const DoctorFindings *findings = &self->findings;
  const TrialMapping *longest = get_longest (self);
  g_autoptr (PlumHop) hop =
    doctor_trial_count_hops (longest) > 0 ? doctor_trial_get_hop (longest, 0) : NULL;
  GInetAddress *external = plum_gateway_get_external_address (self->gateway);
  g_autofree char *address = describe_address (plum_gateway_get_address (self->gateway));
  g_autofree char *text = NULL;
  DoctorRouter *router;

  if (external == NULL && hop != NULL)
    external = plum_hop_get_external_address (hop);
  text = describe_address (external);
  router =
    doctor_routers_add (&self->routers, DOCTOR_ROUTER_ASKED, address, text,
                        external != NULL ? plum_address_get_scope (external) : findings->scope);
  router->n_mapped = (guint) findings->tcp.mapped + (guint) findings->udp.mapped;
  router->permanent = hop != NULL && plum_hop_get_lifetime (hop) == PLUM_LIFETIME_FOREVER;
}

/* Adds the routers beyond the gateway that map the port, or the server that does instead of it. */
static void
add_hops (DoctorExamination *self, guint first)
{
  const TrialMapping *longest = get_longest (self);

  for (guint i = first; i < doctor_trial_count_hops (longest); i++)
    {
      g_autoptr (PlumHop) hop = doctor_trial_get_hop (longest, i);
      GInetAddress *external = plum_hop_get_external_address (hop);
      g_autofree char *address = describe_address (plum_hop_get_address (hop));
      g_autofree char *text = describe_address (external);
      gboolean provider =
        plum_address_get_scope (plum_hop_get_address (hop)) != PLUM_ADDRESS_SCOPE_PRIVATE;
      DoctorRouter *router =
        doctor_routers_add (&self->routers, provider ? DOCTOR_ROUTER_PROVIDER : DOCTOR_ROUTER_NEXT,
                            address, text, plum_address_get_scope (external));

      router->permanent = plum_hop_get_lifetime (hop) == PLUM_LIFETIME_FOREVER;
      for (guint j = 0; j < G_N_ELEMENTS (self->trial.mappings); j++)
        router->n_mapped += doctor_trial_count_hops (&self->trial.mappings[j]) > i;
    }
}

static gboolean
is_last_inner (const DoctorRouters *routers)
{
  return routers->n_routers > 0 && is_inner (routers->routers[routers->n_routers - 1].scope);
}

/* Lists the routers in the order in which a packet passes them. Of a gateway with a public address,
 * nothing else is listed, unless another router is in between. */
static void
list_routers (DoctorExamination *self)
{
  DoctorRouters *routers = &self->routers;
  gboolean found_between = doctor_path_get_between (&self->path) != NULL;
  guint n_before;

  if (doctor_trial_is_bypass (get_longest (self), self->gateway))
    {
      add_hops (self, 0);
      return;
    }
  doctor_path_add_between (&self->path, self->findings.router_between, routers);
  n_before = routers->n_routers;
  if (n_before == 0 && self->path.scope == PLUM_ADDRESS_SCOPE_PUBLIC && self->path.n_known == 1)
    return;

  add_gateway (self);
  add_hops (self, 1);
  /* A router that maps one transport only is listed with those that map the port. */
  if (self->searched && self->path.scope != PLUM_ADDRESS_SCOPE_PUBLIC && !found_between &&
      n_before == 0 && routers->n_routers <= self->path.n_known)
    doctor_path_add_next (&self->path, routers);
  if (is_last_inner (routers))
    doctor_routers_add (routers,
                        routers->routers[routers->n_routers - 1].scope == PLUM_ADDRESS_SCOPE_CGNAT
                          ? DOCTOR_ROUTER_PROVIDER
                          : DOCTOR_ROUTER_NEXT,
                        NULL, NULL, PLUM_ADDRESS_SCOPE_UNKNOWN);
}

/* Whether this computer itself has an address of its provider, and nothing maps ports. */
static gboolean
is_behind_provider (DoctorExamination *self)
{
  return self->findings.local == PLUM_ADDRESS_SCOPE_CGNAT && !self->findings.served;
}

/* Collects what is known about other routers. */
static void
collect_routers (DoctorExamination *self)
{
  DoctorFindings *findings = &self->findings;
  DoctorRouters *routers = &self->routers;
  const StunResult *stun = doctor_proof_get_stun (&self->trial.proof);

  if (self->gateway == NULL)
    return;

  if (doctor_path_get_between (&self->path) != NULL &&
      (doctor_path_other_maps (&self->path) || is_mapped_for_other_router (self)))
    findings->router_between = TRUE;
  findings->path_proven = is_path_proven (self);
  findings->next_scope = plum_address_get_scope (doctor_path_get_next (&self->path));

  routers->local = describe_address (plum_gateway_get_local_address (self->gateway));
  routers->interface = g_strdup (plum_gateway_get_interface (self->gateway));
  routers->maps_nothing = doctor_verdict_maps_nothing (findings);
  routers->max_hops = (guint) common_options.max_hops;
  routers->no_map = self->no_map;
  routers->beyond = get_beyond (self);
  if (stun != NULL && stun->reflexive != NULL)
    routers->seen = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (stun->reflexive));
  if (self->searched || findings->router_between ||
      doctor_trial_is_chained (get_longest (self), self->gateway) || is_behind_provider (self))
    list_routers (self);
  doctor_routers_judge (routers, findings, doctor_verdict_decide (findings));
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
         !g_inet_address_get_is_loopback (address) && !is_behind_provider (self) &&
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
  plum_manager_set_max_hops (manager, 1);
  return manager;
}

/* The outermost router of those that map the port with both transports. */
static void
prepare_path (DoctorExamination *self)
{
  const TrialMapping *tcp = &self->trial.mappings[PLUM_PROTOCOL_TCP];
  const TrialMapping *udp = &self->trial.mappings[PLUM_PROTOCOL_UDP];
  guint n_hops = MIN (doctor_trial_count_hops (tcp), doctor_trial_count_hops (udp));

  self->path.gateway = self->gateway;
  self->path.n_known = MAX (n_hops, 1);
  self->path.scope = n_hops > 1 ? tcp->scope : self->findings.scope;
}

/* Everything has been answered or has timed out; only the position of the router may be unknown. */
static void
conclude (DoctorExamination *self)
{
  g_autoptr (PlumManager) manager = NULL;

  if (self->session->closing)
    return;

  collect_findings (self);
  prepare_path (self);
  if (should_find_path (self))
    {
      manager = make_other_manager (self);
      self->searched = TRUE;
      if (doctor_path_start (&self->path, manager))
        return;
    }

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

/* The gateway of a computer that has an address of its provider may map no ports, but a server of
 * the provider may. */
static gboolean
may_bypass (DoctorExamination *self)
{
  GInetAddress *local = plum_gateway_get_local_address (self->gateway);

  return self->family == G_SOCKET_FAMILY_IPV4 && common_options.max_hops > 1 &&
         plum_gateway_get_address (self->gateway) != NULL &&
         plum_address_get_scope (local) == PLUM_ADDRESS_SCOPE_CGNAT;
}

static void
start_trial (DoctorExamination *self)
{
  if (self->no_map || plum_gateway_get_local_address (self->gateway) == NULL ||
      (!discovery_is_served (&self->discovery) && !may_bypass (self)))
    {
      conclude (self);
      return;
    }

  if (!discovery_is_served (&self->discovery))
    self->trial.timeout_ms = MIN (self->trial.timeout_ms, BYPASS_MS);
  self->findings.tried = TRUE;
  doctor_trial_start (&self->trial, self->session->manager, self->gateway);
}

static void
on_stray_done (StrayProbe *stray)
{
  start_trial (stray->user_data);
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
  if (discovery_is_served (discovery) || address == NULL || !is_silent (self) ||
      !stray_probe_start (&self->stray, address))
    start_trial (self);
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
