import type { ObjectMapping } from '../../records/types.js';

/** A card as a contact, in paths of `VCardJson`. For CardDAV and for uploaded vCard files alike. */
export const defaultVCardMapping: ObjectMapping = {
  fields: {
    name: 'fullName',
    firstName: 'firstName',
    lastName: 'lastName',
    email: { path: 'email', as: 'email' },
    emails: { path: 'emailAddresses', as: 'list' },
    phone: { path: 'phone', as: 'phone' },
    phones: { path: 'phoneNumbers', as: 'list' },
    title: 'title',
    birthday: { path: 'birthday', as: 'date' },
    'address.street': 'address.street',
    'address.city': 'address.city',
    'address.region': 'address.region',
    'address.postalCode': 'address.postalCode',
    'address.country': { path: 'address.country', as: 'country' },
    tags: { path: 'categories', as: 'list' },
    notes: 'notes',
    url: 'url',
  },
};
