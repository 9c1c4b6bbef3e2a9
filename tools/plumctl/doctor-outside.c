/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-outside.h"

#include "output.h"

#include <glib/gi18n-lib.h>

void
doctor_outside_print_tcp (const DoctorTrial *trial)
{
  if (!trial->proof.tcp_tried)
    return;

  if (trial->proof.tcp.arrived)
    output_line (
      OUTPUT_GOOD,
      _ ("  a connection to it from this computer arrived: the router forwards the port"));
  else
    output_line (OUTPUT_PLAIN, _ ("  a connection to it from this computer did not arrive, which "
                                  "proves nothing: many routers do not forward from the inside"));
}

static const char *
describe_strangers (const StunResult *stun)
{
  switch (stun->strangers)
    {
    case STUN_YES:
      return _ ("arrived");
    case STUN_NO:
      return _ ("did not arrive");
    case STUN_UNKNOWN:
    default:
      return stun->reason;
    }
}

void
doctor_outside_print_stun (const DoctorTrial *trial)
{
  const StunResult *stun = doctor_proof_get_stun (&trial->proof);
  g_autofree char *reflexive = NULL;

  if (stun == NULL)
    return;

  if (stun->reflexive == NULL)
    {
      output_line (OUTPUT_PLAIN, _ ("the view from outside is unknown: %s"), stun->reason);
      return;
    }

  reflexive = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (stun->reflexive));
  /* Translators: a server, and an address with a port. */
  output_line (OUTPUT_PLAIN, _ ("the STUN server %s sees the UDP port as %s"), stun->server,
               reflexive);
  output_line (stun->strangers == STUN_YES ? OUTPUT_GOOD : OUTPUT_PLAIN,
               /* Translators: “arrived”, “did not arrive”, or a reason. */
               _ ("  an answer from another address: %s"), describe_strangers (stun));
}

static const TrialMapping *
get_udp (const DoctorTrial *trial)
{
  return &trial->mappings[PLUM_PROTOCOL_UDP];
}

static char *
dup_nat_beyond (const DoctorRouters *routers, const char *reason)
{
  const DoctorRouter *edge = doctor_routers_find_edge (routers);

  if (doctor_routers_is_chain (routers) && edge != NULL)
    /* Translators: a router, and a reason. */
    return g_strdup_printf (_ ("Another NAT is beyond the router %s: %s."), edge->address, reason);
  return g_strdup_printf (_ ("Another NAT is beyond the router: %s."), reason);
}

char *
doctor_outside_dup_sentence (const DoctorTrial *trial,
                             const DoctorRouters *routers,
                             const char *sentence,
                             DoctorVerdict verdict)
{
  const StunResult *stun = trial != NULL ? doctor_proof_get_stun (&trial->proof) : NULL;
  g_autofree char *reason = NULL;

  if (stun == NULL)
    return NULL;

  reason =
    stun_result_explain (stun, get_udp (trial)->external_host, get_udp (trial)->external_port);
  if (verdict == DOCTOR_NAT_BEYOND)
    return dup_nat_beyond (routers, reason);
  if (verdict == DOCTOR_NOT_REACHED)
    return g_strdup_printf (_ ("Packets from the internet do not reach the port: %s."), reason);
  if (doctor_verdict_get_exit_code (verdict) == 0 &&
      stun_result_verify (stun, get_udp (trial)->external_host, get_udp (trial)->external_port) ==
        STUN_YES)
    return g_strdup_printf (/* Translators: a sentence, and a reason. */
                            _ ("%s Proven from outside (UDP): %s."),
                            sentence != NULL ? sentence : doctor_verdict_get_sentence (verdict),
                            reason);

  return NULL;
}

void
doctor_outside_write_json (const DoctorTrial *trial, const char *server, JsonWriter *json)
{
  const StunResult *stun = trial != NULL ? doctor_proof_get_stun (&trial->proof) : NULL;
  StunResult not_asked = { .server = (char *) server,
                           .reason = (char *) _ ("no UDP port is mapped") };

  stun_result_write_json (stun == NULL && server != NULL ? &not_asked : stun, json);
}
