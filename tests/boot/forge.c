/* SPDX-License-Identifier: MIT */
/*
 * A write of a NIC to FEExxxxxh is an interrupt message, which no DMA remapping stops. With interrupt remapping it can
 * at most raise what the table has: the interrupts of NICs, at those that share them. Without, the same attempts must
 * arrive, which shows that they are real.
 */
#include "tests/boot/boot_test.h"
#include "tests/boot/loopback.h"

#define RCTL_SPLIT   (LOOPBACK_RCTL | 3u << 16 | NIC_RCTL_SECRC) /* buffers of 256 bytes, no check sequence */
#define BUFFER_BYTES 256u
#define WORD_BYTES   4u
#define FRAME_BYTES  (BUFFER_BYTES + WORD_BYTES) /* its last word is a write of its own, as of a message */
#define MESSAGE      0xfee00000u
#define REMAPPED     (1u << 4) /* the format that names an entry of the table, */
#define SUBHANDLE    (1u << 3) /* to whose index the data is added */
#define HANDLES      300u      /* some more than the table has */
#define FORGED       0x77u     /* the vector that is asked for */
#define FIRST_VECTOR 0x20u
#define VICTIM       2u /* has no NIC */
#define ARRIVE_US    20000u

static volatile uint32_t forged, of_nics;

static void on_forged(void)
{
    forged++;
}

static void on_nic(void)
{
    of_nics++;
}

static void listen(void)
{
    for (unsigned vector = FIRST_VECTOR; vector < VECTOR_SPURIOUS; vector++) {
        if (vector >= VECTOR_NIC0 && vector < VECTOR_NIC0 + QV_MAX_NICS)
            irq_register(vector, on_nic);
        else if (vector != VECTOR_TIMER && vector != VECTOR_IPI_WAKE && vector != VECTOR_IPI_RECOVERY)
            irq_register(vector, on_forged);
    }
}

static bool write_word(uint64_t address, uint32_t word)
{
    uint64_t sink[2] = {loopback_phys(loopback_rx), address};

    memcpy(loopback_tx + BUFFER_BYTES, &word, WORD_BYTES);
    return loopback_send(loopback_phys(loopback_tx), FRAME_BYTES, sink, 2);
}

/* The last word arrives alone, where it is told to. */
static void expect_control(void)
{
    uint32_t there;

    memset(loopback_tx, 0xff, BUFFER_BYTES); /* to all */
    memset(loopback_rx, 0, PAGE_SIZE);
    EXPECT(write_word(loopback_phys(loopback_rx) + BUFFER_BYTES * 2, 0x12345678), "the NIC does not work");
    memcpy(&there, loopback_rx + BUFFER_BYTES * 2, WORD_BYTES);
    EXPECT(there == 0x12345678, "the word is %x", there);
}

/* Without remapping the first page is left out: an emulator's device writes into a local APIC's registers there. */
static void name_entries(uint32_t first)
{
    for (uint32_t handle = first; handle < HANDLES; handle++)
        EXPECT(write_word(MESSAGE | REMAPPED | handle << 5, FORGED), "entry %u: the NIC stopped", handle);
    /* An index that would be 0 again if the sum were cut off at 16 bits, and some beside it. */
    for (uint32_t handle = 0x7f00; handle < 0x8000; handle += 0x10 - 0x7)
        EXPECT(write_word(MESSAGE | REMAPPED | SUBHANDLE | 1u << 2 | handle << 5, FORGED),
               "subhandle: the NIC stopped");
    EXPECT(write_word(MESSAGE | REMAPPED | SUBHANDLE | 1u << 2 | (0x8000 - FORGED) << 5, FORGED), "subhandle 0");
    EXPECT(write_word(MESSAGE | REMAPPED | 1u << 2, FORGED), "entry 32768: the NIC stopped");
    thread_sleep_us(ARRIVE_US);
}

void test_forge(void)
{
    bool remapped = (directory()->features & QV_FEAT_INTR_REMAP) != 0;
    const struct handoff_nic *nic = &handoff->nic[0];

    listen();
    test_barrier(1);
    EXPECT(nic->present, "the test needs a NIC");
    if (handoff->id == 0 && nic->present) {
        loopback_start(RCTL_SPLIT);
        expect_control();
        name_entries(remapped ? 0 : (uint32_t)PAGE_SIZE >> 5);
    }
    test_barrier(2);
    if (remapped) {
        EXPECT(forged == 0, "%u forged interrupts arrived", forged);
        EXPECT((nic->sharers >> handoff->id & 1u) != 0 || of_nics == 0, "%u interrupts of a NIC it has not", of_nics);
    } else if (handoff->id == 1) {
        EXPECT(forged > 0, "the attempts are none"); /* it is the APIC with this id that they are sent to */
    }
    if (remapped && handoff->id == 0)
        kprint("%u of the NICs' own interrupts arrived; %lu attempts were recorded", of_nics,
               directory()->iommu_faults);
    forged = 0;
    test_barrier(3);
    if (handoff->id == 0 && nic->present) {
        EXPECT(write_word(MESSAGE | handoff->apic_id[VICTIM] << 12, FORGED), "the NIC stopped");
        thread_sleep_us(ARRIVE_US);
    }
    test_barrier(4);
    /* Whether the unit does as it is told is not for us to say: QEMU 7.2's does not. */
    if (handoff->id == VICTIM)
        kprint("a message of the format without remapping is %s", forged == 0 ? "blocked" : "delivered");
    EXPECT(remapped || handoff->id != VICTIM || forged > 0, "the message is none");
    EXPECT(handoff->id == VICTIM || forged == 0, "the message went elsewhere");
    test_barrier(5);
}
