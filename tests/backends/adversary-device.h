/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "adversary-fixture.h"

G_BEGIN_DECLS

#define DEVICE_GATEWAY ADVERSARY_NET ".2"
#define DEVICE_THIRD ADVERSARY_NET ".77"
#define DEVICE_OK "HTTP/1.1 200 OK\r\n"

/* A host that counts who comes, and hangs up. */
typedef struct
{
  GSocketService *service;
  GSocket *ssdp;
  guint16 port;
  guint n_connections;
} Counter;

/* A manager, and a gateway that answers searches and HTTP as a test says. */
typedef struct
{
  Adversary a;
  GSocket *ssdp;
  GSource *ssdp_source;
  GSocketAddress *client; /* where the search came from; (nullable) */
  GSocketService *http;
  guint16 port;
  GCancellable *cancellable;
  guint n_connections;
  Counter third;

  /* What it does. */
  char *location; /* of its answer to a search; owned */
  GBytes *head;   /* of its answers to HTTP */
  GBytes *piece;  /* and after it this, again and again; (nullable) */
  guint pause_ms; /* between two of them; 0: none */
} AdversaryDevice;

void adversary_device_set_up (AdversaryDevice *f, gconstpointer data);
/* Asserts too that nobody has come to the host that counts. */
void adversary_device_tear_down (AdversaryDevice *f, gconstpointer data);
/* An answer to the last search, from any socket. */
void adversary_device_answer (AdversaryDevice *f, GSocket *from, const char *location);

G_END_DECLS
