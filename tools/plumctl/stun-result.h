/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "json.h"

#include <gio/gio.h>

typedef enum {
  STUN_UNKNOWN,
  STUN_YES,
  STUN_NO,
} StunAnswer;

/* What a STUN server has shown about a UDP port of this computer. */
typedef struct
{
  char *server; /* as given by the user */
  GInetSocketAddress *address;
  GInetSocketAddress *reflexive; /* where the server sees the port; NULL: unknown */
  GInetSocketAddress *other;     /* from where the server offers to answer; nullable */
  StunAnswer strangers;          /* whether the answer from there arrived */
  char *reason;                  /* why reflexive or strangers is unknown */
} StunResult;

/* What the endpoint that the server sees tells about the endpoint that the router reports. */
typedef enum {
  STUN_MATCH_UNKNOWN,
  STUN_MATCH_SAME,
  STUN_MATCH_OTHER_ADDRESS,
  STUN_MATCH_OTHER_PORT,
} StunMatch;

void stun_result_clear (StunResult *self);
StunMatch stun_result_match (const StunResult *self, const char *host, guint port);
/* Whether it is proven that hosts of the internet reach the mapped endpoint (YES), or shown that
 * they do not (NO). @host: reported by the router; nullable. */
StunAnswer stun_result_verify (const StunResult *self, const char *host, guint port);
/* The reason for that, as a sentence without a full stop. */
char *stun_result_explain (const StunResult *self, const char *host, guint port);
const char *stun_answer_get_name (StunAnswer answer);
/* @self: NULL writes null. */
void stun_result_write_json (const StunResult *self, JsonWriter *json);
