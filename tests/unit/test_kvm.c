/* SPDX-License-Identifier: MIT */
/* What a KVM must offer, and that a refusal says what is missing. */
#include "platform/kvm.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static int judge(struct kvm_offer offer, const char *fragment)
{
    struct qv_error why = {""};
    int result = kvm_judge("DEVICE", &offer, &why);
    CU_ASSERT_TRUE(fragment == NULL ? why.text[0] == '\0' : strstr(why.text, fragment) != NULL);
    return result;
}

static void test_enough(void)
{
    CU_ASSERT_EQUAL(judge((struct kvm_offer){.svm = true, .npt = true}, NULL), 0);
    CU_ASSERT_EQUAL(judge((struct kvm_offer){.vmx = true, .ept = true}, NULL), 0);
}

static void test_not_enough(void)
{
    CU_ASSERT_EQUAL(judge((struct kvm_offer){.svm = false}, "DEVICE: no nested virtualization"), -ENOTSUP);
    CU_ASSERT_EQUAL(judge((struct kvm_offer){.npt = true, .ept = true}, "neither VMX nor SVM"), -ENOTSUP);
    CU_ASSERT_EQUAL(judge((struct kvm_offer){.svm = true}, "no nested page tables"), -ENOTSUP);
    CU_ASSERT_EQUAL(judge((struct kvm_offer){.vmx = true, .npt = true}, "no extended page tables"), -ENOTSUP);
}

static void test_no_device(void)
{
    struct kvm_offer offer = {.svm = true, .npt = true};
    struct qv_error why = {""};
    CU_ASSERT_EQUAL(kvm_ask("/no/such/device", &offer, &why), -ENOENT);
    CU_ASSERT_FALSE(offer.svm || offer.npt);
    CU_ASSERT_EQUAL(kvm_ask("/dev/null", &offer, &why), -ENOTSUP);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "is no KVM"));
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"what is enough", test_enough}, {"what is not", test_not_enough}, {"what is no KVM", test_no_device}};
    return unit_run("kvm", tests, sizeof(tests) / sizeof(tests[0]));
}
