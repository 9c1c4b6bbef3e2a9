/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "adversary-fixture.h"

G_BEGIN_DECLS

#define DEVICE_GATEWAY ADVERSARY_NET ".2"
#define DEVICE_THIRD ADVERSARY_NET ".77"
#define DEVICE_OK "HTTP/1.1 200 OK\r\n"

/* A host that counts connections and closes them. */
typedef struct
{
  GSocketService *service;
  GSocket *ssdp;
  guint16 port;
  guint n_connections;
} Counter;

/* A manager, and a gateway whose answers to searches and HTTP requests a test defines. */
typedef struct
{
  Adversary a;
  GSocket *ssdp;
  GSource *ssdp_source;
  GSocketAddress *client; /* (nullable): the sender of the search */
  GSocketService *http;
  guint16 port;
  GCancellable *cancellable;
  guint n_connections;
  Counter third;

  /* Its behavior: */
  char *location; /* in the answer to a search; owned */
  GBytes *head;   /* of the answers by HTTP */
  GBytes *piece;  /* (nullable): repeated after the head */
  guint pause_ms; /* between two pieces; 0: none */
} AdversaryDevice;

void counter_set_up (Counter *self, const char *host);
/* Asserts that the host was not contacted. */
void counter_tear_down (Counter *self);

void adversary_device_set_up (AdversaryDevice *f, gconstpointer data);
/* Asserts that the third host was not contacted. */
void adversary_device_tear_down (AdversaryDevice *f, gconstpointer data);
/* Answers the last search from a socket. */
void adversary_device_answer (AdversaryDevice *f, GSocket *from, const char *location);

G_END_DECLS
