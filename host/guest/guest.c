/* SPDX-License-Identifier: MIT */
#include "guest/guest.h"

#include <errno.h>
#include <string.h>

uint8_t *guest_memory(const struct guest *guest, uint64_t phys, uint64_t size)
{
    if (phys > guest->bytes || size > guest->bytes - phys)
        return NULL;
    return guest->ram + phys;
}

const volatile struct qv_directory *guest_directory(const struct guest *guest, struct qv_error *err)
{
    const volatile struct qv_directory *directory =
        (const volatile struct qv_directory *)guest_memory(guest, QV_DIRECTORY_PHYS, QV_DIRECTORY_BYTES);
    if (directory == NULL || __atomic_load_n(&directory->magic, __ATOMIC_ACQUIRE) != QV_DIRECTORY_MAGIC)
        return NULL;
    if (directory->version != QV_DIRECTORY_VERSION || directory->size != sizeof(*directory)) {
        (void)qv_error_set(
            err, -EPROTO,
            "the OS has directory version %u of %u bytes, this program knows version %u of %zu: build both",
            directory->version, directory->size, QV_DIRECTORY_VERSION, sizeof(*directory));
        return NULL;
    }
    return directory;
}

uint32_t guest_state(const struct guest *guest)
{
    const volatile struct qv_directory *directory = guest_directory(guest, NULL);
    return directory == NULL ? 0 : __atomic_load_n(&directory->machine_state, __ATOMIC_ACQUIRE);
}

const volatile struct qv_sandbox_status *guest_status(const struct guest *guest, uint32_t i)
{
    if (i >= QV_MAX_SANDBOXES)
        return NULL;
    return (const volatile struct qv_sandbox_status *)guest_memory(guest, QV_STATUS_PHYS(i),
                                                                   sizeof(struct qv_sandbox_status));
}

static volatile struct qv_host_mailbox *mailbox(const struct guest *guest)
{
    return (volatile struct qv_host_mailbox *)guest_memory(guest, QV_MAILBOX_PHYS, sizeof(struct qv_host_mailbox));
}

void guest_set_load_running(const struct guest *guest, bool running)
{
    __atomic_store_n(&mailbox(guest)->load_running, running ? 1u : 0u, __ATOMIC_RELEASE);
}

void guest_stop(const struct guest *guest)
{
    __atomic_store_n(&mailbox(guest)->stop, 1u, __ATOMIC_RELEASE);
}

void guest_copy_directory(const struct guest *guest, struct qv_directory *out)
{
    const uint8_t *from = guest_memory(guest, QV_DIRECTORY_PHYS, sizeof(*out));
    memset(out, 0, sizeof(*out));
    if (from != NULL)
        memcpy(out, from, sizeof(*out));
}

void guest_copy_status(const struct guest *guest, uint32_t i, struct qv_sandbox_status *out)
{
    const volatile struct qv_sandbox_status *from = guest_status(guest, i);
    memset(out, 0, sizeof(*out));
    if (from == NULL)
        return;
    memcpy(out, (const void *)(uintptr_t)from, sizeof(*out));
    out->message[sizeof(out->message) - 1] = '\0';
}

#define TRIES 1000u

bool guest_copy_vcpus(const struct guest *guest, uint32_t i, struct qv_vcpu_area *out)
{
    const volatile struct qv_sandbox_status *status = guest_status(guest, i);
    uint64_t phys = status != NULL ? status->vcpus_phys : 0;
    const struct qv_vcpu_area *area = (const void *)guest_memory(guest, phys, sizeof(*area));

    if (phys == 0 || phys % sizeof(uint64_t) != 0 || area == NULL)
        return false;
    for (unsigned tries = 0; tries < TRIES; tries++) {
        uint32_t before = __atomic_load_n(&area->sequence, __ATOMIC_ACQUIRE);
        memcpy(out, area, sizeof(*out));
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (before % 2 == 0 && before == __atomic_load_n(&area->sequence, __ATOMIC_RELAXED))
            return out->magic == QV_VCPU_AREA_MAGIC;
    }
    return false;
}
