/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-fixture.h"

G_BEGIN_DECLS

/* A router that shows the entry of TCP port 9000 in another way than it is. */

#define ENTRY(port, client, enabled, description)                                                  \
  "<NewInternalPort>" port "</NewInternalPort><NewInternalClient>" client "</NewInternalClient>"   \
  "<NewEnabled>" enabled "</NewEnabled>"                                                           \
  "<NewPortMappingDescription>" description "</NewPortMappingDescription>"                         \
  "<NewLeaseDuration>0</NewLeaseDuration>"
#define RESPONSE(content)                                                                          \
  "<Envelope><Body><GetSpecificPortMappingEntryResponse>" content                                  \
  "</GetSpecificPortMappingEntryResponse></Body></Envelope>"
#define FAULT(code)                                                                                \
  "<Envelope><Body><Fault><detail><UPnPError><errorCode>" code "</errorCode></UPnPError>"          \
  "</detail></Fault></Body></Envelope>"

/* What the router shows of the entry of port 9000. */
typedef struct
{
  const char *body;      /* (nullable): instead of the answer for port 9000 */
  const char *from;      /* (nullable): in every answer that shows an entry */
  const char *to;        /* instead of that */
  const char *from2;     /* (nullable) */
  const char *to2;       /* instead of that */
  guint n_unusable;      /* how many answers for port 9000 are empty, before body */
  gboolean after_delete; /* body: only after a delete */
  gboolean lose_delete;  /* a delete is not answered */
} Show;

/* A FakeIgdEdit whose data is a Show. */
void edit_as_shown (const char *request, guint *status, GString *body, gpointer data);
void start_show (Fixture *f, Show *self);
FakeIgdEntry *find_9000 (Fixture *f);
/* The same program on another host gets the port. Resets the count of deletes. */
void take_over (Fixture *f, guint lease);
/* Its entry is still there, and nothing was deleted. */
void assert_spared (Fixture *f);
/* Deletes the entry as it was listed. client, description: (nullable) */
PlumCall *delete_9000 (Fixture *f, const char *client, const char *description);

G_END_DECLS
